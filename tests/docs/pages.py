"""The documentation as data: its pages, code blocks, tables, links and inline code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_START = re.compile(r"<!-- starts with: (.+?) -->")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)
_CELL_BREAK = re.compile(r"(?<!\\)\|")
_INLINE_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a transcript.

    Attributes:
        command: as typed, without the prompt.
        shown: the lines printed below it.
    """

    command: str
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """Commands that follow each other in one library.

    Attributes:
        start: what is there before: "files" always, "records" with their track lists unless the
            page imports them, "token" for Discogs.
    """

    start: frozenset[str]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the heading it stands under; cells without the blanks around them."""

    heading: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def codes(self, column: int = 0) -> list[str]:
        """Inline code of one column, in order."""
        return [code for row in self.rows for code in inline_codes(row[column])]


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file, named by its path below the project."""

    name: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return ROOT / self.name

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text("utf-8")

    @property
    def prose(self) -> str:
        """The text without its code blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """Code blocks of one language."""
        return [body for name, body in _FENCE.findall(self.text) if name == language]

    def languages(self) -> set[str]:
        """The languages that code blocks are marked with."""
        return {name for name, _ in _FENCE.findall(self.text)}

    def sessions(self) -> list[Session]:
        """The transcripts (`console` blocks) in order, cut where the page says how it starts."""
        pieces = _START.split(f"<!-- starts with: files, records -->{self.text}")[1:]
        found = []
        for start, text in zip(pieces[::2], pieces[1::2], strict=True):
            blocks = [body for name, body in _FENCE.findall(text) if name == "console"]
            if blocks:
                found.append(Session(frozenset(start.split(", ")), _steps("".join(blocks))))
        return found

    def headings(self) -> list[str]:
        """Headings of every level, in order."""
        return _HEADING.findall(self.prose)

    def tables(self, heading: str | None = None) -> list[Table]:
        """All tables, or those under one heading."""
        found = []
        for match in _TABLE.finditer(self.prose):
            above = _HEADING.findall(self.prose, 0, match.start())
            header, _, *rows = (_cells(line) for line in match[0].splitlines())
            found.append(Table(above[-1] if above else "", header, tuple(rows)))
        return [table for table in found if heading in {None, table.heading}]

    def links(self) -> list[str]:
        """Targets of all links."""
        return _LINK.findall(self.prose)


def inline_codes(text: str) -> list[str]:
    """Texts between single backticks."""
    return [code.replace("\\|", "|") for code in _INLINE_CODE.findall(text)]


def anchor(heading: str) -> str:
    """The fragment under which forges link a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")


def _steps(transcript: str) -> tuple[Step, ...]:
    found: list[tuple[str, list[str]]] = []
    for line in transcript.splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            found[-1][1].append(line)
    return tuple(Step(command, tuple(shown)) for command, shown in found)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in _CELL_BREAK.split(line.strip().strip("|")))


README = Page("README.md")
PAGES = (
    README,
    Page("CHANGELOG.md"),
    *(Page(path.relative_to(ROOT).as_posix()) for path in sorted((ROOT / "docs").rglob("*.md"))),
)
PLUGIN_PAGES = {page.path.stem: page for page in PAGES if page.path.parent.name == "plugins"}
