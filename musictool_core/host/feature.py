"""What a package adds to the product, as names only: nothing is imported before it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Feature:
    """One entry of `app.FEATURES`; every reference is "package.module:name".

    Attributes:
        name: under which the versions of its tables are recorded; never changes.
        migrations: its numbered migrations.
        job_kinds: the long works it can run.
        targets: what change sets can write to.
        pages: its pages of the web view, with their part of the API.
        checks: what `beet musictool doctor` asks it.
        widgets: kinds of widgets for dashboards of the web view.
    """

    name: str
    migrations: str = ""
    job_kinds: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    widgets: tuple[str, ...] = ()


def resolve(reference: str) -> Any:
    """Return what "package.module:name" stands for."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
