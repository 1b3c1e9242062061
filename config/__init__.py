"""Default settings and tables, read with `importlib.resources`; installed as `musictool_config`."""
