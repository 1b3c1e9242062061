"""Of several files of one recording one stays, with the best audio and the best of all else."""
