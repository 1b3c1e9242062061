"""Which files need which measures, who measures them, and where the results go.

Measuring happens in processes of their own (`child`, `workers`) or on a cluster (`cluster`): what
it crashes or hangs on costs one file. Results are kept by the audio, not by the file (`tables`), so
tags may change as they like. What is written into the library goes through a change set (`fill`).
"""
