"""Matching items to one release: the evidence ladder, versions in context, false friends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from musictool_core.matching import Tier, match_release, prepare_item, prepare_release
from musictool_core.music import ArtistCredit, ItemId, LibraryItem, Track
from tests.matching.releases import item, match_of, release

KLUGH = release("David Alvarado", ("Klugh (Main Mix)", 544.0), ("Klugh (DJ Dozia's Mix)", 673.0))


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Moonchildren", "Ran Away"),
        ("MOONCHILDREN", "RAN AWAY (Original Mix)"),
        ("", "Moonchildren - Ran Away"),
        ("", "Moonchildren Ran Away"),
        ("", "Moonchildren: Ran Away [HD]"),
        ("", "moonchildren_-_ran_away"),
        ("", "A1 - Moonchildren - Ran Away.flac"),
        ("Ran Away", "Moonchildren"),
        ("Various", "Moonchildren - Ran Away"),
        ("Moonchildren", "Ran Away (Remastered 2011)"),
        ("Moonchildren", "Ran Away (feat. Somebody)"),
        ("Moonchildren", "Ran Awya"),
        ("Moonchildren", "Some Record - 01 - Ran Away"),
        ("Hotel Costes 2", "Moonchildren - Ran Away"),
        ("", "Ran Away"),
    ],
)
def test_a_track_is_found_however_the_file_is_named(artist: str, title: str) -> None:
    record = release("Moonchildren", "Ran Away", "Silent Crying", "No Other")

    match = match_of(record, item(artist, title))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (0,))


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Moonchildren", "Ran Away (Erot Remix)"),
        ("Moonchildren", "Ran Away - Live at Montreux"),
        ("Moonchildren", "Ran Away (Instrumental)"),
        ("Moonchildren", "Ran Away (Radio Edit)"),
        ("The Karaoke Crew", "Ran Away"),
        ("Vitamin String Quartet", "Ran Away"),
    ],
)
def test_another_version_is_information_and_not_ownership(artist: str, title: str) -> None:
    record = release("Moonchildren", "Ran Away", "Silent Crying")

    match = match_of(record, item(artist, title))

    assert match is not None
    assert match.tier is Tier.OTHER_VERSION


@pytest.mark.parametrize(
    ("artist", "title", "length_s"),
    [
        ("Somebody Else", "Intro", 60.0),
        ("Somebody Else", "Home", 200.0),
        ("Somebody Else", "Home Again", 200.0),
        ("Moonchildren", "Moonchildren (FULL ALBUM)", 2400.0),
        ("Moonchildren", "Home Coming", 90.0),
        ("Moonchildren", "Home Trailer", 30.0),
        ("Moonchildren", "Chapter 2", None),
        ("", "Somebody Else - Home", 200.0),
        ("Somebody Else", "Home", None),
        ("Moonchildren", "Home", 3000.0),
    ],
)
def test_false_friends_are_left_alone(artist: str, title: str, length_s: float | None) -> None:
    record = release("Moonchildren", ("Intro", 60.0), ("Home", 200.0), ("Chapter 1", 300.0))

    assert match_of(record, item(artist, title, length_s)) is None


def test_the_named_version_is_chosen_among_several() -> None:
    match = match_of(KLUGH, item("David Alvarado", "Klugh (DJ Dozia Remix)"))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (1,))


def test_an_unnamed_version_among_several_is_decided_by_length() -> None:
    match = match_of(KLUGH, item("David Alvarado", "Klugh", 676.0))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (1,))


def test_an_unnamed_version_among_several_without_length_is_for_a_person() -> None:
    match = match_of(KLUGH, item("David Alvarado", "Klugh"))

    assert match is not None
    assert match.tier is Tier.REVIEW


@pytest.mark.parametrize(
    ("length_s", "tier"), [(398.0, "review"), (None, "review"), (421.0, "auto")]
)
def test_a_bare_title_among_named_versions_is_decided_by_its_length(
    length_s: float | None, tier: str
) -> None:
    record = release("Prism", ("Glow (Club Mix)", 420.0), ("Glow (Dub)", 300.0))

    match = match_of(record, item("Prism", "Glow", length_s))

    assert match is not None
    assert (match.tier.value, match.tracks) == (tier, (0,))


def test_an_unnamed_file_is_the_only_version_on_the_release() -> None:
    record = release("Afterworld", "Night (Extended Mix)", "Day")

    match = match_of(record, item("Afterworld", "Night"))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (0,))


def test_the_plain_track_is_preferred_to_its_remix() -> None:
    record = release("Pulp", "Mile End (Moloko Mix)", "Mile End")

    match = match_of(record, item("Pulp", "Mile End (Original Mix)"))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (1,))


def test_a_plain_track_is_doubted_when_only_the_remix_is_as_long() -> None:
    record = release("Pulp", ("Mile End", 240.0), ("Mile End (Moloko Mix)", 378.0))

    match = match_of(record, item("Pulp", "Mile End", 378.0))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (1,))


@pytest.mark.parametrize(
    ("artist", "title", "album"), [("Various", "Home", ""), ("", "Home", "Hits"), ("", "Intro", "")]
)
def test_a_title_alone_is_not_enough_when_it_tells_little(
    artist: str, title: str, album: str
) -> None:
    record = release("Moonchildren", "Intro", "Home")

    match = match_of(record, item(artist, title, album=album))

    assert match is not None
    assert match.tier is Tier.REVIEW


def test_parts_are_never_confused() -> None:
    record = release("Solar House", "Universal (Part One)", "Other")

    assert match_of(record, item("Solar House", "Universal (Part Two)")) is None


def test_the_explanation_names_both_versions() -> None:
    record = release("David Alvarado", "Klugh (DJ Dozia's Mix)")

    match = match_of(record, item("David Alvarado", "Klugh (Erot Remix)"))

    assert match is not None
    assert "the file is erot remix, the track is dozias" in match.evidence


def test_compilation_tracks_are_matched_by_their_own_artist() -> None:
    seal = Track("1", "Crazy", artists=(ArtistCredit("Seal"),))
    gnarls = Track("2", "Crazy", artists=(ArtistCredit("Gnarls Barkley"),))
    record = release("Various", seal, gnarls)

    match = match_of(record, item("Gnarls Barkley", "Crazy"))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (1,))


def test_a_release_without_artist_needs_the_album_to_agree() -> None:
    record = release("Various", ("Jambalaya", 160.0), title="Country Hits")

    stranger = match_of(record, item("Somebody", "Jambalaya", 160.0))
    own = match_of(record, item("Somebody", "Jambalaya", 160.0, album="Country Hits"))

    assert stranger is None
    assert own is not None
    assert own.tier is Tier.AUTO


def test_a_remix_credit_names_the_version() -> None:
    mixed = Track("A2", "Night", remixers=(ArtistCredit("Erot"),))
    record = release("Afterworld", Track("A1", "Night"), mixed)

    match = match_of(record, item("Afterworld", "Night (Erot Remix)"))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (1,))


def test_a_studio_file_is_not_taken_for_a_track_of_a_live_record() -> None:
    record = release("Anthrax", "Antisocial", "Indians", title="Live: The Island Years")

    studio = match_of(record, item("Anthrax", "Antisocial"))
    live = match_of(record, item("Anthrax", "Antisocial (Live)"))

    assert studio is not None
    assert live is not None
    assert (studio.tier, live.tier) == (Tier.REVIEW, Tier.AUTO)


def test_a_file_from_a_live_album_is_another_version_of_the_studio_track() -> None:
    record = release("Anthrax", "Antisocial", "Indians", title="State Of Euphoria")

    match = match_of(record, item("Anthrax", "Antisocial", album="Live: The Island Years"))

    assert match is not None
    assert match.tier is Tier.OTHER_VERSION


def test_the_position_in_the_musicbrainz_field_decides_alone() -> None:
    match = match_of(KLUGH, item("x", "y", mb_trackid="42-A2"))

    assert match is not None
    assert (match.tier, match.tracks, match.method) == (Tier.AUTO, (1,), "mb_trackid")


@pytest.mark.parametrize("mb_trackid", ["43-A2", "42-Z9", "42", "b10bbbfc-cf9e-42e0"])
def test_another_musicbrainz_field_says_nothing(mb_trackid: str) -> None:
    assert match_of(KLUGH, item("x", "y", mb_trackid=mb_trackid)) is None


def test_a_tagged_release_is_trusted_although_the_artist_differs() -> None:
    match = match_of(KLUGH, item("Bias", "Klugh (Main Mix)", discogs_albumid=42))

    assert match is not None
    assert (match.tier, match.tracks, match.method) == (Tier.AUTO, (0,), "discogs_albumid")


def test_a_tagged_release_places_equal_titles_by_track_number() -> None:
    record = release("Eva", "Interlude", "Song", "Interlude")

    match = match_of(record, item("Eva", "Interlude", discogs_albumid=42, disc=1, track=3))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (2,))


def test_a_tagged_release_places_a_nameless_file_by_number_and_length() -> None:
    record = release("Eva", ("One Thing", 100.0), ("Another Thing", 200.0))

    placed = match_of(record, item("", "Track 02", 201.0, discogs_albumid=42, track=2))
    doubtful = match_of(record, item("", "Track 02", 300.0, discogs_albumid=42, track=2))

    assert placed is not None
    assert doubtful is not None
    assert (placed.tier, placed.tracks) == (Tier.AUTO, (1,))
    assert (doubtful.tier, doubtful.tracks) == (Tier.REVIEW, (1,))


def test_barcode_and_catalogue_number_are_evidence() -> None:
    record = release("Eva", "Song", label="Svek", catno="SK 032", barcodes=("0 42283 90242 4",))

    by_barcode = match_of(record, item("Alias", "Song", barcode="42283902424"))
    by_catno = match_of(record, item("Alias", "Song", catalognum="sk032", label="Svek"))

    assert by_barcode is not None
    assert by_catno is not None
    assert (by_barcode.tier, by_barcode.method) == (Tier.AUTO, "barcode")
    assert (by_catno.tier, by_catno.method) == (Tier.AUTO, "catalognum")


def test_a_catalogue_number_of_another_label_proves_nothing() -> None:
    record = release("Eva", "Song", label="Svek", catno="001")

    assert match_of(record, item("Alias", "Song", catalognum="001", label="Warp")) is None


SOLITAIRE = release("Solitaire", ("In/Out", 958.0), ("Mad Mood", 442.0), ("P.M.", 933.0))


def _files(artist: str, *songs: tuple[str, float]) -> list[LibraryItem]:
    return [
        replace(item(artist, title, length_s), item_id=ItemId(number))
        for number, (title, length_s) in enumerate(songs)
    ]


def test_several_files_of_equal_length_under_one_name_show_an_alias() -> None:
    files = _files("David Moufang", ("In/Out", 960.0), ("Mad Mood", 440.0), ("P.M.", 932.0))

    found = match_release(prepare_release(SOLITAIRE), [prepare_item(one) for one in files])

    assert [(match.tier, match.tracks) for match in found] == [
        (Tier.AUTO, (0,)),
        (Tier.AUTO, (1,)),
        (Tier.AUTO, (2,)),
    ]


@pytest.mark.parametrize(
    ("artist", "lengths"),
    [("David Moufang", (900.0, 300.0, 700.0)), ("Karaoke Crew", (958.0, 442.0, 933.0))],
)
def test_covers_of_a_whole_record_are_no_alias(
    artist: str, lengths: tuple[float, float, float]
) -> None:
    titles = ("In/Out", "Mad Mood", "P.M.")
    files = _files(artist, *zip(titles, lengths, strict=True))

    found = match_release(prepare_release(SOLITAIRE), [prepare_item(one) for one in files])

    assert [match for match in found if match.tier is Tier.AUTO] == []


@pytest.mark.parametrize("artist", ["Svek", "Stockholm Nights"])
def test_a_label_or_record_name_in_the_artist_field_is_no_other_artist(artist: str) -> None:
    record = release("Eva", "Quiet Song", "Other", title="Stockholm Nights", label="Svek")

    match = match_of(record, item(artist, "Quiet Song"))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (0,))


@pytest.mark.parametrize(
    "title",
    [
        "Quiet Song - Stockholm Nights - Svek",
        "Quiet Song [Svek - SK032]",
        "Quiet Song, Stockholm Nights (1998)",
        "Quiet Song SK-032 1998",
        "Quiet Song (Deep House)",
    ],
)
def test_words_that_name_the_record_explain_themselves(title: str) -> None:
    record = release("Eva", "Quiet Song", "Other", title="Stockholm Nights", label="Svek")

    match = match_of(record, item("Eva", title))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (0,))
    assert not any(said.startswith("unexplained") for said in match.evidence)


def test_a_printed_position_tells_equal_tracks_apart() -> None:
    record = release("Eva", "Interlude", "Song", "Interlude")

    placed = match_of(record, item("", "A3 - Eva - Interlude"))
    open_ = match_of(record, item("", "Eva - Interlude"))

    assert placed is not None
    assert open_ is not None
    assert (placed.tier, placed.tracks) == (Tier.AUTO, (2,))
    assert open_.tier is Tier.REVIEW


def test_single_version_and_plain_track_are_told_apart_by_their_wording() -> None:
    record = release("Bowie", "Day-In Day-Out", "Day-In Day-Out (Single Version)")

    single = match_of(record, item("Bowie", "Day-In Day-Out (Single Version)"))
    plain = match_of(record, item("Bowie", "Day-In Day-Out"))

    assert single is not None
    assert plain is not None
    assert (single.tier, single.tracks) == (Tier.AUTO, (1,))
    assert (plain.tier, plain.tracks) == (Tier.AUTO, (0,))


@pytest.mark.parametrize("cd_s", [172.0, None])
def test_the_bonus_cd_of_a_record_makes_no_doubt(cd_s: float | None) -> None:
    record = release("Eva", Track("A1", "Kestrel", 171.0), Track("CD1", "Kestrel", cd_s))

    match = match_of(record, item("Eva", "Kestrel", 171.0))

    assert match is not None
    assert match.tier is Tier.AUTO


def test_two_sides_of_one_title_stay_in_doubt() -> None:
    record = release("Eva", Track("A", "Kestrel"), Track("B", "Kestrel"))

    match = match_of(record, item("Eva", "Kestrel", 171.0))

    assert match is not None
    assert match.tier is Tier.REVIEW


def test_a_longer_title_is_not_cut_to_a_shorter_one() -> None:
    record = release("Beatles", "Pepperland", "Yellow Submarine In Pepperland", title="Submarine")

    match = match_of(record, item("Beatles", "Yellow Ubmarine In Pepperland"))

    assert match is not None
    assert match.tracks == (1,)


def test_the_beginning_of_a_title_is_for_a_person_unless_the_length_agrees() -> None:
    record = release("Alex", ("Tout Le Contraire De Toi", 250.0), "Orlando")

    agreeing = match_of(record, item("Alex", "Tout le contraire", 251.0))
    open_ = match_of(record, item("Alex", "Tout le contraire"))

    assert agreeing is not None
    assert open_ is not None
    assert (agreeing.tier, open_.tier) == (Tier.AUTO, Tier.REVIEW)


def test_every_file_of_a_track_is_matched() -> None:
    record = prepare_release(release("Eva", "Song"))
    copies = [
        prepare_item(replace(item("Eva", "Song"), item_id=ItemId(number))) for number in (3, 1, 2)
    ]

    found = match_release(record, copies)

    assert [match.item_id for match in found] == [3, 1, 2]
    assert all(match.tier is Tier.AUTO for match in found)


def test_a_release_without_tracks_matches_nothing() -> None:
    assert match_of(release("Eva"), item("Eva", "Song")) is None


def test_an_item_without_any_text_matches_nothing() -> None:
    assert match_of(release("Eva", "Song"), LibraryItem(ItemId(1))) is None


def test_the_file_name_is_read_when_the_tags_are_empty() -> None:
    match = match_of(
        release("Eva", "Song", "Other"), LibraryItem(ItemId(1), file_name="01 - Eva - Song.mp3")
    )

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.AUTO, (0,))
