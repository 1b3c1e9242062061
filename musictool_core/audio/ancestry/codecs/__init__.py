"""The codecs whose traces are looked for; one file each, one conformance suite."""

from musictool_core.audio.ancestry.codecs import aac, mp3, vorbis

CODECS = (mp3.CODEC, aac.CODEC, vorbis.CODEC)
"""In the order in which they are tried: the most frequent ancestors first."""
