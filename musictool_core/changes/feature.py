"""What change sets and the journal add to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "changes",
    migrations="musictool_core.changes:MIGRATIONS",
    job_kinds=("musictool_core.changes.files:FilesJob",),
    targets=(
        "musictool_core.changes.rows:album_target",
        "musictool_core.changes.rows:item_target",
        "musictool_core.changes.audio:AudioTarget",
        "musictool_core.changes.tags:TagsTarget",
        "musictool_core.changes.container:ContainerTarget",
        "musictool_core.changes.files:FileTarget",
        "musictool_core.changes.art:ArtTarget",
    ),
    pages=(
        "musictool_web.pages.editor:PAGE",
        "musictool_web.pages.history:PAGE",
    ),
    checks=("musictool_core.changes.checks:check_journal",),
)
