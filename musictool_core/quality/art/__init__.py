"""Covers: how good a picture is, where one stands twice, which other one would be better.

`values`, `judge` and `alike` are pure; so is `measure`, which needs numpy and Pillow.
"""
