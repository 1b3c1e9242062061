"""What the commands do: parse nothing, start the product, call it, and print.

Results go to stdout, notices and progress to stderr. Each function takes the beets library and the
parsed options, and returns how many objects failed.
"""
