"""Measured claims: each command prints our figure, the peer's figure and the ratio."""
