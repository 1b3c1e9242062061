"""What is wrong with the sound of a file: one check a file, all fed from one decoding.

Each check knows what looks like its defect and is none: a square wave is not clipped, silence
between movements is no dropout, and an old recording in mono has no dead channel.
"""
