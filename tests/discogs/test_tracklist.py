from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.discogs.tracklist import (
    Position,
    Side,
    parse_duration,
    parse_position,
    parse_release,
    sides,
)
from musictool_core.errors import FormatError
from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    LabelCredit,
    Release,
    ReleaseId,
    Track,
    TrackKind,
    join_artists,
)

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, object]


def track(position: str, title: str, duration: str = "", **more: object) -> Row:
    return {"position": position, "type_": "track", "title": title, "duration": duration, **more}


def heading(title: str) -> Row:
    return {"position": "", "type_": "heading", "title": title, "duration": ""}


def index(title: str, *children: Row, duration: str = "", **more: object) -> Row:
    return {
        "position": "",
        "type_": "index",
        "title": title,
        "duration": duration,
        "sub_tracks": list(children),
        **more,
    }


def untyped(*rows: Row) -> list[Row]:
    """The same rows as the monthly dump gives them."""
    return [{key: value for key, value in row.items() if key != "type_"} for row in rows]


def release_of(*rows: Row, formats: list[Row] | None = None) -> Release:
    return parse_release(
        {"id": 4711, "title": "A Record", "tracklist": list(rows), "formats": formats or []}
    )


def vinyl(quantity: str = "1") -> Row:
    return {"name": "Vinyl", "qty": quantity, "descriptions": ["LP"]}


def listed(release: Release) -> list[tuple[str, str]]:
    return [(line.position, line.title) for line in release.tracks]


def positions(release: Release, kind: TrackKind) -> list[str]:
    return [line.position for line in release.tracks if line.kind is kind]


def test_a_whole_release_is_read() -> None:
    body: dict[str, object] = {
        "id": 2,
        "title": "Knockin' Boots (Vol 2 Of 2)",
        "year": 1998,
        "country": "Sweden",
        "master_id": 713738,
        "artists": [
            {"id": 2, "name": "Mr. James Barth (2)", "anv": "J. Barth", "join": "&"},
            {"id": 26, "name": "A.D.", "anv": "", "join": ""},
        ],
        "labels": [
            {"name": "Svek", "catno": "SK 026", "id": 5},
            {"name": "Svek", "catno": "none", "id": 5},
        ],
        "formats": [
            {"name": "Vinyl", "qty": "2", "text": "Clear", "descriptions": ['12"', "33 ⅓ RPM"]}
        ],
        "identifiers": [
            {"type": "Barcode", "value": "0 7599-27256-2 0", "description": "Text"},
            {"type": "Barcode", "value": "075992725620", "description": "Scanned"},
            {"type": "Barcode", "value": "none"},
            {"type": "Matrix / Runout", "value": "MPO SK026 12345678"},
        ],
        "tracklist": [
            track(
                "A1",
                "A Sea Apart",
                "5:08",
                artists=[{"id": 3, "name": "Someone Else", "anv": "", "join": ""}],
                extraartists=[
                    {"id": 4, "name": "Mixer", "anv": "M. Ixer", "role": "Producer, Remix [Short]"},
                    {"id": 5, "name": "Desk", "anv": "", "role": "Engineer [Remix]"},
                    {"id": 6, "name": "Listed", "anv": "", "role": "Producer [Extra, Remix]"},
                ],
            ),
            track("A2", "Dutchmaster"),
        ],
    }

    release = parse_release(body)

    assert release == Release(
        release_id=ReleaseId(2),
        title="Knockin' Boots (Vol 2 Of 2)",
        artists=(
            ArtistCredit("Mr. James Barth (2)", anv="J. Barth", join="&", artist_id=2),
            ArtistCredit("A.D.", artist_id=26),
        ),
        tracks=(
            Track(
                position="A1",
                title="A Sea Apart",
                duration_s=308.0,
                artists=(ArtistCredit("Someone Else", artist_id=3),),
                remixers=(ArtistCredit("Mixer", anv="M. Ixer", artist_id=4),),
            ),
            Track(position="A2", title="Dutchmaster"),
        ),
        labels=(LabelCredit("Svek", "SK 026"), LabelCredit("Svek", "")),
        formats=(FormatEntry("Vinyl", 2, ('12"', "33 ⅓ RPM"), "Clear"),),
        year=1998,
        country="Sweden",
        master_id=713738,
        barcodes=("075992725620",),
    )
    assert join_artists(release.artists) == "J. Barth & A.D."


@pytest.mark.parametrize(
    ("year", "released", "expected"),
    [
        (1999, "1998-01-01", 1999),
        (0, "1999-03-00", 1999),
        (0, "", None),
        (None, None, None),
        ("0000", "?", None),
        (True, "19990", None),
    ],
)
def test_an_unknown_year_is_none(year: object, released: object, expected: int | None) -> None:
    body = {"id": 1, "title": "Stockholm", "year": year, "released": released}

    assert parse_release(body).year == expected


@pytest.mark.parametrize("master_id", [0, None, "0", ""])
def test_no_master_is_none(master_id: object) -> None:
    assert parse_release({"id": 1, "title": "x", "master_id": master_id}).master_id is None


def test_a_heading_is_the_section_of_the_tracks_below_it() -> None:
    release = release_of(
        track("A1", "Intro"),
        heading("Live Album"),
        track("A2", "Astronomy Domine"),
        heading("Studio Album"),
        track("B1", "Sysyphus"),
    )

    assert [line.section for line in release.tracks] == ["", "Live Album", "Studio Album"]


def test_neighbouring_headings_nest_and_a_later_one_replaces_the_innermost() -> None:
    release = release_of(
        heading("Disc One"),
        heading("Friday"),
        track("1-1", "a"),
        heading("Saturday"),
        track("1-2", "b"),
        heading("Disc Two"),
        heading("Sunday"),
        track("2-1", "c"),
    )

    sections = [line.section for line in release.tracks]
    assert sections == ["Disc One, Friday", "Disc One, Saturday", "Disc Two, Sunday"]


def test_an_index_whose_children_are_parts_is_one_track() -> None:
    release = release_of(
        heading("Studio Album"),
        index(
            "Sysyphus",
            track("C1.1", "Part 1", "1:00"),
            track("C1.2", "Part 2", "2:30"),
            artists=[{"id": 110861, "name": "Richard Wright"}],
            extraartists=[{"id": 9, "name": "Mixer", "role": "Remix"}],
        ),
        formats=[vinyl()],
    )

    assert release.tracks == (
        Track(
            position="C1",
            title="Sysyphus",
            duration_s=210.0,
            artists=(ArtistCredit("Richard Wright", artist_id=110861),),
            remixers=(ArtistCredit("Mixer", artist_id=9),),
            section="Studio Album",
        ),
    )


def test_the_length_printed_at_an_index_is_that_of_its_one_track() -> None:
    release = release_of(
        index("Kai's Medley", track("1-9a", "Starlight"), track("1-9b", "Judas"), duration="13:52")
    )

    assert [(line.position, line.duration_s) for line in release.tracks] == [("1-9", 832.0)]


def test_an_index_whose_children_have_full_positions_is_several_tracks() -> None:
    release = release_of(
        heading("Side One"),
        index(
            "Konzert Nr. 3",
            track("A1", "Allegro", "5:20"),
            track("A2", "Adagio", artists=[{"name": "Soloist"}]),
            artists=[{"name": "Orchestra"}],
        ),
        track("A3", "Encore"),
    )

    assert release.tracks == (
        Track(
            "A1", "Allegro", 320.0, (ArtistCredit("Orchestra"),), section="Side One, Konzert Nr. 3"
        ),
        Track("A2", "Adagio", None, (ArtistCredit("Soloist"),), section="Side One, Konzert Nr. 3"),
        Track("A3", "Encore", section="Side One"),
    )


def test_an_index_with_a_position_of_its_own_and_children_without_is_one_track() -> None:
    medley = {**index("Medley", track("", "One"), track("", "Two")), "position": "B2"}

    assert listed(release_of(medley)) == [("B2", "Medley")]


def test_an_index_without_title_is_named_after_its_parts() -> None:
    release = release_of(index("", track("A2a", "Loch Lomond"), track("A2b", "Paris")))

    assert listed(release) == [("A2", "Loch Lomond / Paris")]


def test_an_index_over_several_cuts_in_parts_is_one_track_per_cut() -> None:
    release = release_of(
        index(
            "Apothéose De Lully",
            track("A1.1", "No. 1"),
            track("A1.2", "No. 2"),
            track("A2.1", "No. 5"),
        )
    )

    assert listed(release) == [("A1.1", "No. 1 / No. 2"), ("A2.1", "No. 5")]
    assert {line.section for line in release.tracks} == {"Apothéose De Lully"}


def test_an_index_without_children_is_a_heading_unless_it_has_a_position() -> None:
    release = release_of(index("Symphony", duration="20:00"), {**index("Finale"), "position": "3"})

    assert [(line.position, line.section) for line in release.tracks] == [("3", "Symphony")]


def test_neighbouring_sub_positions_are_one_track() -> None:
    mixer: Row = {"name": "Mixer", "role": "Remix"}
    release = release_of(
        track("A1", "Goeden Avond"),
        track("A2a", "Mijn Vader", extraartists=[mixer]),
        track("A2b", "O, Ik Weet Niet", extraartists=[mixer]),
        track("A6 (a)", "Apopse"),
        track("A6 (b)", "Perasmenes"),
    )

    assert listed(release) == [
        ("A1", "Goeden Avond"),
        ("A2a", "Mijn Vader / O, Ik Weet Niet"),
        ("A6 (a)", "Apopse / Perasmenes"),
    ]
    assert release.tracks[1].remixers == (ArtistCredit("Mixer"),)


@pytest.mark.parametrize(
    ("lengths", "total_s"),
    [
        (("5:01", "3:39"), 520.0),  # 12645417: both parts timed
        (("6:17", ""), 377.0),  # 3019966: the first one carries the length of the cut
        (("", "3:39"), None),
        (("", ""), None),
    ],
)
def test_merged_parts_have_a_length_only_if_it_is_certain(
    lengths: tuple[str, str], total_s: float | None
) -> None:
    release = release_of(track("11a", "Let Go", lengths[0]), track("11b", "Candle", lengths[1]))

    assert [line.duration_s for line in release.tracks] == [total_s]


def test_parts_listed_below_their_whole_track_add_nothing_but_a_missing_length() -> None:
    release = release_of(
        track("10", "Disaster Button", "3:58"),
        track("11", "The Lightning Strike", "16:18"),
        track("11.1", "What If This Storm Ends?"),
        track("11.2", "Daybreak"),
        track("12", "Epilogue"),
        track("12.1", "One", "1:00"),
        track("12.2", "Two", "1:00"),
    )

    assert [(line.title, line.duration_s) for line in release.tracks] == [
        ("Disaster Button", 238.0),
        ("The Lightning Strike", 978.0),
        ("Epilogue", 120.0),
    ]


@pytest.mark.parametrize(
    "printed",
    [
        ["1.01", "1.02", "2.01", "2.02"],  # 4497871, 12645458: disc and track
        ["A.1", "A.2", "A..3", "B. 1"],  # 12645456: side and track
        ["CD1.1", "CD1.2", "CD2.1"],
        ["A1", "A2", "1.1", "1.2"],  # a record with discs beside it
    ],
)
def test_a_dot_divides_medium_and_number_where_no_position_is_without(printed: list[str]) -> None:
    release = release_of(*(track(position, "x") for position in printed))

    assert [line.position for line in release.tracks] == printed


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (["1", "2.1", "2.2", "3"], ["1", "2.1", "3"]),
        (["A", "A.1", "A.2", "B", "B.1"], ["A", "B"]),  # 1586381
        (["A.1", "A.2", "B"], ["A.1", "B"]),
        (["CD1", "CD2.1", "CD2.2"], ["CD1", "CD2.1"]),
        (["1-1.1", "1-1.2", "1-2"], ["1-1.1", "1-2"]),
    ],
)
def test_a_dot_marks_a_part_where_other_positions_are_without(
    printed: list[str], expected: list[str]
) -> None:
    release = release_of(*(track(position, "x") for position in printed))

    assert [line.position for line in release.tracks] == expected


def test_dotted_children_are_parts_if_each_index_has_its_own_number() -> None:
    works = release_of(
        index("First", track("1.1", "a"), track("1.2", "b")),
        index("Second", track("2.1", "c"), track("2.2", "d")),
    )
    discs = release_of(
        index("First", track("1.1", "a"), track("1.2", "b")),
        index("Second", track("1.3", "c"), track("1.4", "d")),
    )

    assert [line.position for line in works.tracks] == ["1", "2"]
    assert [line.position for line in discs.tracks] == ["1.1", "1.2", "1.3", "1.4"]


def test_a_row_of_unknown_type_is_a_track_if_it_has_title_and_position() -> None:
    release = release_of(
        {"type_": "hidden", "position": "B3", "title": "Secret", "duration": "1:00"},
        {"type_": "note", "position": "", "title": "Recorded in one night"},
        {"type_": ["track"], "position": "", "title": "No type at all"},
    )

    assert listed(release) == [("B3", "Secret")]


def test_a_track_without_position_is_kept_where_types_are_given() -> None:
    assert listed(release_of(track("", "Hidden"))) == [("", "Hidden")]


def test_without_types_a_line_without_position_and_length_is_a_heading() -> None:
    rows = untyped(
        heading("This Side"),
        track("A1", "One"),
        index("Work", track("B1", "Two"), track("B2", "Three")),
        track("", "Hidden", "2:00"),
    )
    release = release_of(*rows)

    assert [(line.title, line.section) for line in release.tracks] == [
        ("One", "This Side"),
        ("Two", "This Side, Work"),
        ("Three", "This Side, Work"),
        ("Hidden", "This Side"),
    ]


def test_without_types_a_line_with_the_total_of_what_follows_is_a_heading() -> None:
    # 3020012
    rows = untyped(
        track("", "Concerto No. 1", "23:51"),
        track("1", "Allegro", "13:27"),
        track("2", "Adagio", "5:17"),
        track("3", "Rondo", "5:07"),
        track("", "Concerto No. 2", "19:46"),
        track("4", "Allegro Vivace", "11:43"),
        track("5", "Rondo", "8:03"),
    )
    release = release_of(*rows)

    assert [line.section for line in release.tracks] == ["Concerto No. 1"] * 3 + [
        "Concerto No. 2"
    ] * 2


def test_without_types_a_list_of_bare_titles_is_a_list_of_tracks() -> None:
    rows = untyped(track("", "One"), track("", ""), track("", "Two"))

    assert listed(release_of(*rows)) == [("", "One"), ("", "Two")]


@pytest.mark.parametrize("position", ["DVD-3", "DVD1-3", "BD-1", "Blu-ray-2", "Video 1", "Video"])
def test_a_video_prefix_makes_a_video_track(position: str) -> None:
    release = release_of(track("CD-1", "Song"), track(position, "Song (Video)"))

    assert positions(release, TrackKind.VIDEO) == [position]


def test_a_video_on_an_enhanced_cd_is_a_video() -> None:
    release = release_of(
        track("CD1-14", "Twist And Shout"),
        track("CD1-Video", "Mini-Documentary"),
        formats=[{"name": "CD", "qty": "16"}],
    )

    assert positions(release, TrackKind.VIDEO) == ["CD1-Video"]


def test_all_tracks_of_a_dvd_are_videos_but_those_under_an_audio_heading() -> None:
    # 3019999
    release = release_of(
        heading("1974"),
        track("2-1", "Wings Of Karma"),
        heading("Bonus Tracks - Audio Only"),
        track("2-3", "Power Of Love"),
        formats=[{"name": "DVD", "qty": "2", "descriptions": ["DVD-Video", "PAL"]}],
    )

    assert positions(release, TrackKind.VIDEO) == ["2-1"]


@pytest.mark.parametrize("printed", [["1", "2"], ["DVD-1", "DVD-2"]])
def test_a_dvd_audio_is_music(printed: list[str]) -> None:
    release = release_of(
        *(track(position, "x") for position in printed),
        formats=[{"name": "DVD", "qty": "1", "descriptions": ["DVD-Audio", "Multichannel"]}],
    )

    assert positions(release, TrackKind.VIDEO) == []


def test_the_disc_number_leads_to_the_format_when_discs_are_counted() -> None:
    formats: list[Row] = [
        {"name": "Box Set", "qty": "1"},
        {"name": "CD", "qty": "2"},
        {"name": "DVD", "qty": "1", "descriptions": ["DVD-Video"]},
    ]
    rows = [track("1-1", "a"), track("2-1", "b"), track("3-1", "c")]

    assert positions(release_of(*rows, formats=formats), TrackKind.VIDEO) == ["3-1"]
    assert positions(release_of(*rows[:2], formats=formats), TrackKind.VIDEO) == []


@pytest.mark.parametrize(
    ("title", "is_video"),
    [
        ("DVD", True),
        ("Bonus DVD: Live In Paris", True),
        ("Disc 2 (Blu-ray)", True),
        ("Videos", True),
        ("Video Part", True),
        ("Bonus Videos:", True),
        ("Video Killed The Radio Star Sessions", False),
        ("Video Game Music", False),
        ("DVD Audio", False),
        ("CD & DVD", False),
    ],
)
def test_a_heading_that_names_a_carrier_decides(title: str, is_video: bool) -> None:
    release = release_of(heading(title), track("1", "x"), formats=[{"name": "CD"}])

    assert (release.tracks[0].kind is TrackKind.VIDEO) == is_video


def test_a_million_discs_do_not_fill_the_memory() -> None:
    release = release_of(track("1-1", "x"), formats=[{"name": "File", "qty": "999999999999"}])

    assert release.formats[0].quantity == 999_999_999_999
    assert len(release.tracks) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4:45", 285.0),
        ("1:04:30", 3870.0),
        ("64:30", 3870.0),
        ("148:00", 8880.0),
        (" 05:04", 304.0),
        ("10:00:00", 36000.0),
        ("", None),
        ("0:00", None),
        ("3:75", None),
        ("1:64:30", None),
        ("4:5", None),
        ("5", None),
        ("-1:00", None),
        ("٤:٤٥", None),
        ("n/a", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1", Position(side="A", number=1)),
        ("A", Position(side="A")),
        ("a2", Position(side="A", number=2)),
        ("B10", Position(side="B", number=10)),
        ("AA", Position(side="AA")),
        ("AA2", Position(side="AA", number=2)),
        ("A.1", Position(side="A", number=1)),
        ("B. 1", Position(side="B", number=1)),
        ("A..5", Position(side="A", number=5)),
        ("A1a", Position(side="A", number=1, sub="a")),
        ("A1.1", Position(side="A", number=1, sub="1")),
        ("A6 (a)", Position(side="A", number=6, sub="a")),
        ("7", Position(number=7)),
        ("07 ", Position(number=7)),
        ("100", Position(number=100)),
        ("11b", Position(number=11, sub="b")),
        ("1.a", Position(number=1, sub="a")),
        ("1-01", Position(medium="1", number=1)),
        ("1.01", Position(medium="1", number=1)),
        ("1-5.1", Position(medium="1", number=5, sub="1")),
        ("10-1", Position(medium="10", number=1)),
        ("CD1-1", Position(medium="CD1", number=1)),
        ("CD10-12", Position(medium="CD10", number=12)),
        ("CD-1", Position(medium="CD", number=1)),
        ("CD3", Position(medium="CD", number=3)),
        ("LP-A1", Position(medium="LP", side="A", number=1)),
        ("LP2-C", Position(medium="LP2", side="C")),
        ("2-A1", Position(medium="2", side="A", number=1)),
        ("1A", Position(medium="1", side="A")),
        ("2B3", Position(medium="2", side="B", number=3)),
        ("DVD-3", Position(medium="DVD", number=3)),
        ("Blu-ray-2", Position(medium="Blu-ray", number=2)),
        ("Video 1", Position(medium="Video", number=1)),
        ("CD1-Video", Position(medium="CD1-Video")),
        ("", None),
        ("II", None),
        ("IV", None),
        ("1/2", None),
        ("-", None),
        ("A1-B2-C3", None),
    ],
)
def test_positions(text: str, expected: Position | None) -> None:
    assert parse_position(text) == expected


def test_sides_group_the_tracks_of_a_record_in_printed_order() -> None:
    release = release_of(
        track("LP-A1", "a"),
        track("LP-A2a", "b"),
        track("LP-A2b", "c"),
        track("LP-B", "d"),
        track("CD-1", "a"),
        formats=[vinyl(), {"name": "CD"}],
    )

    assert sides(release) == (Side("LP-A", (0, 1)), Side("LP-B", (2,)))


def test_a_tape_has_sides_and_a_download_has_none() -> None:
    rows = [track("A1", "a"), track("B1", "b"), track("Video", "c")]

    tape = release_of(*rows, formats=[{"name": "Cassette"}])
    download = release_of(*rows, formats=[{"name": "File", "qty": "3"}])
    unknown = release_of(*rows)

    assert sides(tape) == sides(unknown) == (Side("A", (0,)), Side("B", (1,)))
    assert sides(download) == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "Release not found."}, "not a Discogs release: field id is missing."),
        ({"id": "r12", "title": "x"}, "not a Discogs release: field id is 'r12'."),
        ({"id": 7, "title": {}}, "release 7: field title is {}."),
        (
            {"id": 7, "title": "x", "tracklist": "A1 Song"},
            "release 7: field tracklist is 'A1 Song', expected a list.",
        ),
    ],
)
def test_what_cannot_be_read_is_named(body: dict[str, object], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_release(body)

    assert str(caught.value) == message


def test_fields_of_another_type_are_unknown() -> None:
    body: dict[str, object] = {
        "id": 7,
        "title": "x",
        "year": [],
        "country": None,
        "artists": "Various",
        "labels": [None, {"catno": "X 1"}, {"name": 12, "catno": 3}],
        "formats": [{"qty": "1"}, {"name": "CD", "qty": "two", "descriptions": [None, "Album"]}],
        "identifiers": {"type": "Barcode"},
        "tracklist": [None, "A1", {"position": 1, "title": "Song", "duration": 285}],
    }

    assert parse_release(body) == Release(
        release_id=ReleaseId(7),
        title="x",
        artists=(),
        tracks=(Track("1", "Song"),),
        labels=(LabelCredit("12", "3"),),
        formats=(FormatEntry("CD", 1, ("Album",)),),
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "type_": st.sampled_from(["track", "heading", "index", "x"]) | JSON_VALUES,
        "position": st.sampled_from(["A", "A.1", "A1a", "1", "1.1", "CD1.1", ""]) | JSON_VALUES,
        "title": JSON_VALUES,
        "duration": JSON_VALUES,
        "artists": JSON_VALUES,
        "extraartists": JSON_VALUES,
    },
)
NESTED_ROWS = st.builds(
    lambda row, children: {**row, "sub_tracks": children}, ROWS, st.lists(ROWS, max_size=3)
)


@given(st.lists(ROWS | NESTED_ROWS | JSON_VALUES, max_size=6), JSON_VALUES)
def test_any_track_list_is_read(rows: list[object], other: object) -> None:
    release = parse_release(
        {"id": 1, "title": "x", "tracklist": rows, "formats": other, "labels": other, "year": other}
    )

    for side in sides(release):
        assert all(release.tracks[number].position for number in side.tracks)


@given(st.text(max_size=20) | st.from_regex(r"[A-Z]{0,3}[0-9]{0,3}[-. ]?[A-Z0-9a-z]{0,3}"))
def test_any_position_text_is_read_or_refused(text: str) -> None:
    position = parse_position(text)

    assert position is None or position.medium or position.side or position.number is not None


@given(st.integers(1, 9), st.integers(0, 59), st.integers(0, 59))
def test_durations_with_hours_round_trip(hours: int, minutes: int, seconds: int) -> None:
    expected = hours * 3600 + minutes * 60 + seconds

    assert parse_duration(f"{hours}:{minutes:02}:{seconds:02}") == expected
    assert parse_duration(f"{hours * 60 + minutes}:{seconds:02}") == expected


@given(st.text(max_size=12))
def test_any_duration_text_is_positive_or_unknown(text: str) -> None:
    seconds = parse_duration(text)

    assert seconds is None or seconds > 0


@pytest.mark.shared_data
def test_every_recorded_release_is_read(shared_data: Path) -> None:
    api = shared_data / "discogs" / "api"
    files = sorted([*api.glob("p3dc/releases/*.json"), *api.glob("real/release-*.json")])

    releases = {
        release.release_id: release
        for release in (parse_release(json.loads(file.read_text("utf-8"))) for file in files)
    }

    assert {number: len(release.tracks) for number, release in releases.items()} == {
        1: 6,
        2: 4,
        3: 14,
        249504: 2,
        1503102: 3,
        3329867: 6,
        8604223: 9,
        16004480: 15,
    }
    assert releases[ReleaseId(16004480)].year is None
    assert releases[ReleaseId(8604223)].barcodes == ("0825646493166",)
    positions_by_index_rule = [line.position for line in releases[ReleaseId(8604223)].tracks]
    assert positions_by_index_rule == ["A1", "A2", "B1", "B2", "C1", "C2", "C3", "D1", "D2"]
    assert releases[ReleaseId(8604223)].tracks[4].title == "Sysyphus"
    assert [side.name for side in sides(releases[ReleaseId(8604223)])] == ["A", "B", "C", "D"]
