"""Discogs: the record shelf as its own files and API describe it."""
