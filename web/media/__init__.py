"""Covers, waveforms and audio for the browser."""
