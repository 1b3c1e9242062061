"""Metadata health: rules as data, findings with evidence, fixes as patches, a score that adds up.

All but `library`, `trend`, `checkup` and `job` is pure: records in, findings and patches out.
"""
