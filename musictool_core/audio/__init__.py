"""What the audio itself says: measures over decoded frames, which know no library and no database.

Runs in worker processes: imports of numpy and the engines belong into the modules that measure.
"""
