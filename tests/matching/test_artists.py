"""Artist names: numbers, variations, joins, initials, tributes."""

from __future__ import annotations

import pytest

from musictool_core.matching import artist_keys
from musictool_core.matching.artists import ArtistRelation, read_credits, read_names, relate_artists
from musictool_core.music import ArtistCredit


@pytest.mark.parametrize(
    ("file", "track", "relation"),
    [
        ("The Buggles", "Buggles", ArtistRelation.SAME),
        ("Persuader, The", "The Persuader", ArtistRelation.SAME),
        ("Fox", "Fox (3)", ArtistRelation.SAME),
        ("backStreetboys", "Backstreet Boys", ArtistRelation.SAME),
        ("JT-Donaldson", "J.T. Donaldson", ArtistRelation.SAME),
        ("Max Reich & Johannes Foufas", "M. Reich & J. Foufas", ArtistRelation.SAME),
        ("6400 Crew", "Onionz, Master D, Tony Present 6400 Crew", ArtistRelation.SAME),
        ("Wagon Christ (Luke Vibert)", "Wagon Christ", ArtistRelation.SAME),
        ("Jackie McLean Quartet", "Jackie McLean", ArtistRelation.SAME),
        ("Alex Beaupin", "Alex Beaupain", ArtistRelation.SAME),
        ("Seal feat. Somebody", "Seal", ArtistRelation.SAME),
        ("John Tejada*", "John Tejada", ArtistRelation.SAME),
        ("", "Seal", ArtistRelation.UNKNOWN),
        ("Various Artists", "Seal", ArtistRelation.UNKNOWN),
        ("Seal", "Unknown Artist", ArtistRelation.UNCREDITED),
        ("Vitamin String Quartet", "Seal", ArtistRelation.TRIBUTE),
        ("The Karaoke Crew", "Unknown Artist", ArtistRelation.TRIBUTE),
        ("Samantha Fox", "Fox", ArtistRelation.OTHER),
        ("Prince Buster", "Prince", ArtistRelation.OTHER),
        ("DJ Sneak", "DJ Rasoul", ArtistRelation.OTHER),
        ("The Beatles", "The Beagles", ArtistRelation.SAME),
        ("Moby", "Toby", ArtistRelation.OTHER),
    ],
)
def test_artists_are_recognised(file: str, track: str, relation: ArtistRelation) -> None:
    assert relate_artists(read_names(file), read_names(track)) is relation


def test_credits_are_known_by_database_name_and_by_printed_name() -> None:
    names = read_credits([ArtistCredit("Richard D. James", anv="Caustic Window")])

    assert relate_artists(read_names("Caustic Window"), names) is ArtistRelation.SAME
    assert relate_artists(read_names("Richard D. James"), names) is ArtistRelation.SAME


def test_artist_keys_hold_the_whole_credit_and_its_parts() -> None:
    assert artist_keys("Trentemøller vs. DJ Lab (2)") == (
        "trentemoller vs dj lab",
        "trentemoller",
        "dj lab",
    )


@pytest.mark.parametrize("text", ["Various", "V.A.", "Unknown Artist", ""])
def test_nobody_has_no_key(text: str) -> None:
    assert artist_keys(text) == ()
