"""Reads across features: growth, genres, completion, keys, arrivals, what waits for a person.

Every number comes as a `Mark`, which carries the query that lists exactly what was counted.
Nothing here writes, but for the dashboards of the web view, which are rows of our own.
"""
