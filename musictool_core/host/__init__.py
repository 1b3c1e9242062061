"""The only code that touches beets' internals.

Import the module you need (`host.library`, `host.items`, `host.models`, …): this file stays empty
so that loading a plugin costs next to nothing.
"""
