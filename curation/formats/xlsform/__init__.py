"""A codebook as an XLSForm, which ODK, KoBoToolbox and others turn into a form, and back.

Units are groups and repeats, sections groups, variables questions, missing codes choices. What a
form does not say lies beside in a sheet *casebook*, which they pass over and we read again.
"""
