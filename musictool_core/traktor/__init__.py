"""Traktor's collection, playlists and histories: read, patched byte by byte, kept in step.

Pure modules (plain values in and out): `values`, `layout`, `markup`, `scan`, `model`, `fields`,
`patch`, `shelf`, `verify`, `playlists`, `locations`, `identity`, `merge`, `rules`. At the edge:
`collection` (the file), `installations`, `process`, `tables`, `plan`, `sync`, `outbox`, `target`.
"""
