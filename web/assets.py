"""The built front end: names with their hash, the inlined style sheet, icons.

Without a build (a checkout that was installed without Node) everything here still answers: pages
then use the small plain sheet and say that the front end is not built.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STATIC = Path(__file__).resolve().parent / "static"
DIST = STATIC / "dist"
BASE = "/static/dist/"


class UnknownAssetError(LookupError):
    """A template asked for a file or icon that the build did not make: a mistake in the code."""


@dataclass(frozen=True, slots=True)
class Assets:
    """What one build made.

    Attributes:
        folder: where the files are.
        base: what stands before a file's name in a URL; ends with a slash.
        files: plain name to hashed name; empty when nothing is built.
        icons: icon name to the shapes inside its SVG.
    """

    folder: Path = DIST
    base: str = BASE
    files: Mapping[str, str] = field(default_factory=dict)
    icons: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path = DIST, *, base: str = BASE) -> Assets:
        """Read the manifest; without one, nothing is built."""
        try:
            manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        except FileNotFoundError:
            return cls(folder, base)
        return cls(folder, base, manifest["files"], manifest["icons"])

    @property
    def is_built(self) -> bool:
        """Whether there is a front end; pages show a banner when not."""
        return bool(self.files)

    def url(self, name: str) -> str | None:
        """URL of a file by its plain name (`main.js`); None when nothing is built.

        Raises:
            UnknownAssetError: something is built, but not this.
        """
        if not self.is_built:
            return None
        if name not in self.files:
            raise UnknownAssetError(name)
        return self.base + self.files[name]

    def critical_css(self) -> Markup:
        """The sheet to inline, its URLs made absolute; the plain one when not built."""
        if not self.is_built:
            return Markup((STATIC / "fallback.css").read_text("utf-8"))  # noqa: S704 (our own file)
        return Markup(self.sheet_text("critical.css"))  # noqa: S704 (our own file)

    def sheet_text(self, name: str) -> str:
        """A sheet by its plain name, its URLs made absolute."""
        sheet = (self.folder / self.files[name]).read_text("utf-8")
        return sheet.replace('url("./', f'url("{self.base}')

    def sheet(self, name: str, *, by_script: bool = False) -> Markup:  # noqa: ARG002
        """A link to a sheet by its plain name; nothing when nothing is built.

        Args:
            name: of the sheet.
            by_script: see `first_view.sheet`.
        """
        url = self.url(name)
        return Markup('<link rel="stylesheet" href="{}">').format(url) if url else Markup("")

    def icon(self, name: str, *, size: int = 16, inline: bool = False, label: str = "") -> Markup:
        """An icon in the colour of its text.

        Args:
            name: its Lucide name, one of `icons.txt`.
            size: 13, 15, 16, 18, 20 or 22 pixels.
            inline: carry the shapes themselves; for what must be there at the first paint.
            label: its name for screen readers where no text stands beside it.

        Raises:
            UnknownAssetError: something is built, but not this icon.
        """
        if not self.is_built:
            return Markup("")
        if name not in self.icons:
            raise UnknownAssetError(name)
        inside = (
            Markup(self.icons[name])  # noqa: S704 (from our build)
            if inline
            else Markup('<use href="{}#{}"/>').format(self.url("icons.svg"), name)
        )
        about = (
            Markup('role="img" aria-label="{}"').format(label)
            if label
            else Markup('aria-hidden="true"')
        )
        kind = "i" if size == 16 else f"i i{size}"
        return Markup('<svg class="{}" viewBox="0 0 24 24" {}>{}</svg>').format(kind, about, inside)

    def template_globals(self) -> dict[str, Callable[..., object] | bool]:
        """What templates call, by name."""
        return {
            "asset": self.url,
            "critical_css": cache(self.critical_css),
            "icon": self.icon,
            "sheet": self.sheet,
            "later_sheets": str,
            "frontend_built": self.is_built,
        }


@cache
def built() -> Assets:
    """The build beside this module, read once per process."""
    return Assets.load()


def asset(name: str) -> str | None:
    """See `Assets.url`."""
    return built().url(name)


@cache
def critical_css() -> Markup:
    """See `Assets.critical_css`; read once per process."""
    return built().critical_css()


def icon(name: str, *, size: int = 16, inline: bool = False, label: str = "") -> Markup:
    """See `Assets.icon`."""
    return built().icon(name, size=size, inline=inline, label=label)
