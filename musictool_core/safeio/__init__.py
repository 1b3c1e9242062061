"""The only door to files that belong to the user, and the only place of platform calls."""

from musictool_core.safeio.files import private_directory, replace_file

__all__ = ["private_directory", "replace_file"]
