"""This installation: settings, health, versions; nothing of it is a secret."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, List, Nested, Raw, String

from musictool_core import app
from musictool_core.app import about, doctor
from musictool_web.api.listing import PREFIX
from musictool_web.context import Web, web

if TYPE_CHECKING:
    from musictool_core.host.checks import Finding

blueprint = APIBlueprint("system_api", __name__, url_prefix=PREFIX, tag="System")


class VersionAnswer(Schema):
    """What runs here."""

    musictool = String()
    beets = String()
    python = String()
    sqlite = String()
    api = String(metadata={"description": "in the addresses: `v1`"})


class PlaceAnswer(Schema):
    """Where something is kept."""

    name = String(metadata={"description": "`library`, `state`, `cache` or `music`"})
    path = String()
    holds = String()
    bytes = Integer(allow_none=True, metadata={"description": "null: not there, or not counted"})


class ServiceAnswer(Schema):
    """A service that commands may ask."""

    name = String()
    address = String()
    has_token = Boolean(metadata={"description": "the token itself is never told"})
    per_minute = Integer()


class KeptAnswer(Schema):
    """What is kept so that changes can be taken back."""

    is_on = Boolean()
    changes = Integer()
    since = String(allow_none=True)
    bytes = Integer()
    most_years = Integer()
    most_changes = Integer()


class SettingAnswer(Schema):
    """A setting of the configuration."""

    name = String()
    value = Raw()
    default = Raw()
    about = String()


class SettingsAnswer(Schema):
    """This installation."""

    config = String(metadata={"description": "the file in which settings are changed"})
    places = List(Nested(PlaceAnswer))
    plugins = Raw(metadata={"description": "by name: whether it is enabled"})
    services = List(Nested(ServiceAnswer))
    journal_mode = String()
    kept = Nested(KeptAnswer)
    settings = List(Nested(SettingAnswer))


class FindingAnswer(Schema):
    """One result of a check."""

    level = String(metadata={"description": "`ok`, `note`, `warning` or `error`"})
    subject = String()
    message = String()
    mend = String(metadata={"description": "what can be done about it, or empty"})


class DoctorAnswer(Schema):
    """What all checks found."""

    findings = List(Nested(FindingAnswer))


@blueprint.get("/version")
@blueprint.output(VersionAnswer)
@blueprint.doc(summary="Tell the versions")
def version() -> Any:
    """Versions of what runs here."""
    return {**about.versions(web().host), "api": "v1"}


@blueprint.get("/settings")
@blueprint.output(SettingsAnswer)
@blueprint.doc(summary="Tell the settings", description="They are changed in `config.yaml`.")
def settings() -> Any:
    """What is set, where things are, and what is kept."""
    found = about.describe(web().app)
    told = asdict(found) | {"config": str(found.config)}
    for place in told["places"]:
        place["path"] = str(place["path"])
    told["kept"]["since"] = found.kept.since.isoformat() if found.kept.since else None
    return told


@blueprint.get("/doctor")
@blueprint.output(DoctorAnswer)
@blueprint.doc(
    summary="Look for what is wrong",
    description="Reads only, and asks no service; a large library takes some seconds.",
)
def examine() -> Any:
    """The findings of `beet musictool doctor`."""
    return {
        "findings": [
            {
                "level": finding.level.value,
                "subject": finding.subject,
                "message": finding.message,
                "mend": finding.mend,
            }
            for finding in findings(web())
        ]
    }


def findings(parts: Web) -> list[Finding]:
    """Run all checks; nothing is written."""
    checkup = doctor.prepare(parts.host, app.utc_now())
    return list(doctor.examine(checkup, doctor.all_checks(parts.host)))
