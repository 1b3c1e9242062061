"""musictool: the record shelf, the DJ software and the shops, beside a beets library."""

__version__ = "0.1.0"
