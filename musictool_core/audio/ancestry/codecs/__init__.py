"""The codecs whose traces are looked for; one file each, one conformance suite."""

from musictool_core.audio.ancestry.codecs import aac, ac3, mp2, mp3, vorbis, wma

CODECS = (mp3.CODEC, aac.CODEC, vorbis.CODEC, wma.CODEC, ac3.CODEC, mp2.CODEC)
"""All of them are tried at once: related ones see each other's grids, and the deepest is right."""
