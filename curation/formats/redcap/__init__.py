"""A codebook as a REDCap data dictionary, the CSV file that REDCap makes its fields of, and back.

Units are instruments, sections section headers, variables fields. A dictionary knows no missing
codes, no checks and nothing of how instruments repeat: these are listed.
"""
