"""Settings: what is set and where it is changed, where things are, what is kept, what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml
from apiflask import APIBlueprint
from flask import render_template

from musictool_core.app import about
from musictool_core.host.checks import Level
from musictool_web.api.system import findings
from musictool_web.context import web
from musictool_web.page import Group, Page

blueprint = APIBlueprint("settings", __name__, enable_openapi=False)

STAMPS = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "old", Level.ERROR: "failed"}

_ORDER = (Level.OK, Level.NOTE, Level.WARNING, Level.ERROR)


@blueprint.get("/settings")
def show() -> str:
    """The page."""
    return render_template("settings/page.html", about=about.describe(web().app), spelled=spelled)


@blueprint.get("/settings/health")
def health() -> str:
    """What is wrong and how to mend it."""
    # What is wrong stands first.
    found = sorted(findings(web()), key=lambda finding: -_ORDER.index(finding.level))
    return render_template(
        "settings/health.html",
        findings=found,
        counts=Counter(finding.level.value for finding in found),
        stamps={level.value: stamp for level, stamp in STAMPS.items()},
    )


def spelled(value: Any) -> str:
    """A value as it is written in the configuration."""
    text: str = yaml.safe_dump(
        _plain(value), default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    """The same of the types that YAML writes; what is read of it are ordered mappings."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


PAGE = Page(
    name="settings",
    label="Settings",
    url="/settings",
    icon="settings-2",
    place=120,
    group=Group.TOOLS,
    key="s",
    blueprints=(
        "musictool_web.pages.settings:blueprint",
        "musictool_web.api.system:blueprint",
    ),
)
