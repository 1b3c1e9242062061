"""Which tracks of my records do I not own digitally: states, completion, review, reverse gaps."""
