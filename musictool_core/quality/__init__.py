"""How good files and their metadata are, and what mends them."""
