"""The demo set: a record shelf and the digital library beside it, all of it invented.

`python -m benchmarks.demo DIR` writes a Discogs collection export, its track lists (as API answers
and as a monthly dump), a library of real audio files tagged the way people tag, and the answer a
perfect tool would give.
"""
