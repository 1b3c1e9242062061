"""Results as a library of twelve thousand tracks gives them, and what a mean one gives."""

from __future__ import annotations

import random
from itertools import accumulate

from musictool_core.insight.breakdown import Breakdown, KeyMark, KeyWheel
from musictool_core.insight.genres import GenreHistory, GenreYears, Ranked
from musictool_core.insight.growth import Growth, Moment
from musictool_core.insight.marks import Link, Listing, Mark
from musictool_core.insight.widgets import Growths
from musictool_core.music.keys import WHEEL

NASTY = (
    '"><img src=x onerror=alert(1)>', "'; --", "&amp;", "]]>", "a\0b\x1f", "שעת לילה · נועה ברק",
    "北京の夜と長い長い長い名前のレーベル", "x" * 300, "  ", "<script>", "🎧🎧🎧", "cafe\u0301",
)  # fmt: skip


def mark(label: str, count: int, word: str = "x") -> Mark:
    return Mark(label, count, Link(Listing.LIBRARY, ((f"{word}:={label}",),)))


def growth(first: int, added: list[int], undated: int = 0, *, months: bool = False) -> Growth:
    totals = list(accumulate(added))
    names = [
        f"{first + n // 12}-{n % 12 + 1:02}" if months else str(first + n)
        for n in range(len(added))
    ]
    return Growth(
        tuple(
            Moment(name, mark(name, new, "added"), mark(name, total, "added"))
            for name, new, total in zip(names, added, totals, strict=True)
        ),
        mark("", undated),
    )


def growths() -> Growths:
    added = [1834, 720, 520, 1308, 590, 1904, 690, 1150, 1310, 1280, 1180]
    records = [110, 70, 80, 120, 70, 190, 120, 110, 130, 140, 144]
    return Growths(growth(2016, added, 12), growth(2016, records))


def many_months() -> Growths:
    chance = random.Random(3)
    added = [chance.randint(0, 90) for _ in range(130)]
    return Growths(growth(2016, added, months=True), None)


def genre_years(names: tuple[str, ...] = (), years: int = 6) -> GenreYears:
    named = names or ("Deep House", "Techno", "Jazz-Funk", "Ambient", "Dub", "Jungle", "Electro")
    chance = random.Random(11)
    shown = tuple(range(2026 - years + 1, 2027))
    counts = {name: [chance.randint(0, 400) for _ in shown] for name in named}
    if not names:
        counts["Deep House"] = [100, 220, 240, 330, 500, 620][-years:]
    histories = []
    for name in named:
        ranked = []
        for place, year in enumerate(shown):
            order = sorted(named, key=lambda other: -counts[other][place])
            cell = mark(str(year), counts[name][place], name)
            ranked.append(Ranked(year, order.index(name) + 1, cell))
        histories.append(GenreHistory(mark(name, sum(counts[name]), "genre"), tuple(ranked)))
    return GenreYears(shown, tuple(histories), mark("", 42))


def breakdown(*pairs: tuple[str, int], unknown: int = 0) -> Breakdown:
    return Breakdown(tuple(mark(*pair) for pair in pairs), mark("", unknown), len(pairs) + 90)


def labels() -> Breakdown:
    return breakdown(
        ("Ebbe", 812), ("Kiln Recordings International", 640), ("Werkstatt", 411), ("Halyard", 390),
        ("נועה ברק", 220), ("Warp, Ltd.", 118), ("北京", 60), ("Gesher", 3), unknown=912,
    )  # fmt: skip


def nasty_names() -> Breakdown:
    return breakdown(*((name, 10 + place) for place, name in enumerate(NASTY)), unknown=1)


def decades() -> Breakdown:
    return breakdown(
        ("1960s", 40), ("1970s", 812), ("1980s", 1800), ("1990s", 4100), ("2000s", 2210),
        ("2010s", 2003), ("2020s", 900), unknown=621,
    )  # fmt: skip


def years() -> Breakdown:
    chance = random.Random(5)
    return breakdown(*((str(year), chance.randint(1, 300)) for year in range(1962, 2027, 1)))


def wheel(*counts: int) -> KeyWheel:
    chance = random.Random(2)
    given = list(counts) or [chance.randint(1, 1300) for _ in WHEEL]
    given += [0] * (24 - len(given))
    entries = tuple(
        KeyMark(key, mark(key.camelot, number)) for key, number in zip(WHEEL, given, strict=True)
    )
    return KeyWheel(entries, mark("", 77))
