"""Skip, check and derive rules between the Common Expression Language, XPath and REDCap's logic.

Casebook's rules are three-valued: an answer that is not there yet, or is a missing code that the
rule does not spell, leaves a rule unknown, and an unknown rule does nothing. The others know only
true and false: there such an answer is named in the rule itself, so that it means the same.
"""
