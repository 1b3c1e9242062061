"""Metadata health: rules as data, findings with evidence, fixes as patches, a score that adds up.

Everything but `library` and `tables` is pure: records in, findings and patches out.
"""
