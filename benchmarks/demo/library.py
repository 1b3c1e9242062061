"""The digital library beside the shelf: what its owner bought, ripped and downloaded.

Half of it is tagged with care. The rest is as people leave it: names swapped, accents lost, titles
shouted, tags missing, whole sides in one file, songs no record of the shelf holds.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.demo.catalogue import RECORDS
from benchmarks.demo.model import DigitalFile, Tags, tracks_by_reference
from musictool_core.music import join_artists

_TRACKS = tracks_by_reference(RECORDS)


def _album(
    key: str,
    folder: str,
    extension: str,
    positions: str,
    *,
    by_beets: bool = False,
    were_mp3: str = "",
) -> tuple[DigitalFile, ...]:
    """Rip tracks of one record with full tags: label, catalogue number and year included.

    Args:
        key: key of the record.
        folder: where the files lie.
        extension: names the format.
        positions: which tracks, separated by blanks.
        by_beets: add the ids beets' Discogs tagger writes; the one of the recording,
            "<release id>-<position>", names the very track.
        were_mp3: tracks that are copies of MP3s, separated by blanks.
    """
    files = []
    for position in positions.split():
        record, line = _TRACKS[f"{key}:{position}"]
        number = 1 + [reference for reference in _TRACKS if reference.startswith(f"{key}:")].index(
            f"{key}:{position}"
        )
        tags = Tags(
            title=line.title,
            artist=join_artists(line.artists or record.artists),
            album=record.title,
            albumartist=join_artists(record.artists),
            track=number,
            year=record.year,
            label=record.labels[0].name,
            catalognum=record.labels[0].catno,
            genre=record.style,
        )
        if by_beets:
            tags = replace(
                tags,
                mb_trackid=f"{record.release_id}-{position}",
                mb_albumid=str(record.release_id),
            )
        name = line.title.translate({ord(character): "_" for character in '/:?*"<>|'})
        path = f"{folder}/{number:02d} {name}.{extension}"
        was_mp3 = position in were_mp3.split()
        files.append(DigitalFile(path, (f"{key}:{position}",), tags, was_mp3=was_mp3))
    return tuple(files)


WELL_TAGGED = (
    *_album("KS007", "Mirko Halvorsen/Nachtbus Nach Tegel (1998)", "flac", "A B1"),
    *_album(
        *("DHLP2", "Anneke De Wit/Polder Systems", "flac", "A1 A2 B2 C1 C2 D2"),
        by_beets=True,
        were_mp3="B2",
    ),
    *_album("BRKLP3", "Ladder & Stone/Corner Store Philosophy", "mp3", "A1 A2 A3 B2 C1 D2"),
    *_album("RT006", "Ophelia Grange/2014 - Paper Orchards", "ogg", "A1 A2 A3 B1 B2"),
    *_album("SHR-BOX-3", "Harriet Poole/Rooms", "opus", "1-1 1-2 1-3 2-1 2-2"),
    *_album("MOSILP15", "Lumen/Slow Weather", "ogg", "A1 A2 B2"),
    *_album("TBCD12", "Trio/Ljubljana Concert", "flac", "1 2 3 4"),
    *_album("GHT034", "Theo Lindqvist/Ferry Terminal", "mp3", "A B2"),
    *_album("HRM19", "Sundial Collective/Ochre", "flac", "A1 B"),
)

ALMOST_RIGHT = (
    # Accents and special letters lost on the way through an old program.
    DigitalFile(
        "Sigrun Hallmarsdottir/Vetrarljos/01 Fyrsti Snjor.ogg",
        ("MOSICD4:1",),
        Tags("Fyrsti Snjor", "Sigrun Hallmarsdottir", "Vetrarljos", track=1, year=2011),
    ),
    DigitalFile(
        "Sigrun Hallmarsdottir/Vetrarljos/02 Thogn.ogg",
        ("MOSICD4:2",),
        Tags("Thogn", "Sigrun Hallmarsdottir", "Vetrarljos", track=2, year=2011),
    ),
    DigitalFile(
        "Sigrun Hallmarsdottir/Vetrarljos/04 Isbru.ogg",
        ("MOSICD4:4",),
        Tags("Isbru", "Sigrun Hallmarsdottir", "Vetrarljos", track=4, year=2011),
    ),
    DigitalFile(
        "Felix Brouillard/les heures bleues/1 - l'heure bleue.ogg",
        ("EDQ031:1",),
        Tags("l'heure bleue", "felix brouillard", "les heures bleues", track=1),
    ),
    DigitalFile(
        "Felix Brouillard/les heures bleues/3 - ou vont les peniches.ogg",
        ("EDQ031:3",),
        Tags("ou vont les peniches", "felix brouillard", "les heures bleues", track=3),
    ),
    DigitalFile(
        "Unsorted/303 Grad - Saeurebad.mp3",
        ("KS003:A",),
        Tags("Saeurebad", "303 Grad"),
    ),
    # The guest moved from the artist into the title, and out of it.
    DigitalFile(
        "Ladder & Stone/Corner Store Philosophy/04 Uncle Ray's Advice.mp3",
        ("BRKLP3:B1",),
        Tags(
            "Uncle Ray's Advice (feat. Mother Superior)",
            "Ladder & Stone",
            "Corner Store Philosophy",
            track=4,
            year=1994,
        ),
    ),
    DigitalFile(
        "Ladder & Stone/Corner Store Philosophy/07 Bodega Cat.mp3",
        ("BRKLP3:C2",),
        Tags(
            "Bodega Cat", "Ladder and Stone ft. Old Man Percy", "Corner Store Philosophy", track=7
        ),
    ),
    # Shop wording.
    DigitalFile(
        "Downloads/Tidewater Assembly - Undertow Pt. 1 (Original Mix).mp3",
        ("LL-11:A",),
        Tags("Undertow, Part One (Original Mix)", "Tidewater Assembly", label="Lowlight"),
    ),
    DigitalFile(
        "Downloads/Chidi Okonjo, Marta Reyes - Palm Wine Protocol (Original Mix).mp3",
        ("HRM11:A",),
        Tags(
            "Palm Wine Protocol (Original Mix)", "Chidi Okonjo, Marta Reyes", "Palm Wine Protocol"
        ),
    ),
    # The same track once more, as it came with the record.
    DigitalFile(
        "Chidi Okonjo & Marta Reyes/Palm Wine Protocol.flac",
        ("HRM11:A",),
        Tags("Palm Wine Protocol", "Chidi Okonjo & Marta Reyes", "Palm Wine Protocol", year=2018),
    ),
    # A remix under other names.
    DigitalFile(
        "Downloads/Mirko Halvorsen - Nachtbus nach Tegel (Yuki Tanabe Rmx).mp3",
        ("KS012:A1",),
        Tags("Nachtbus nach Tegel (Yuki Tanabe Rmx)", "Mirko Halvorsen"),
    ),
    DigitalFile(
        "Downloads/Mirko Halvorsen - Nachtbus nach Tegel [Linnea Skold Mix].mp3",
        ("KS012:A2",),
        Tags("Nachtbus nach Tegel [Linnea Skold Mix]", "Mirko Halvorsen"),
    ),
    # Only half of a piece in two parts.
    DigitalFile(
        "Jazz/Wendell Osgood Quintet - Blue Ferry, Pt. I.mp3",
        ("HS-1107:A1",),
        Tags("Blue Ferry, Pt. I", "Wendell Osgood Quintet", "Blue Ferry", year=1972),
    ),
    DigitalFile(
        "Japan/夜光虫 - 潮騒.flac", ("MDL-2008:A2",), Tags("潮騒", "夜光虫", "海の記憶", year=1983)
    ),
    DigitalFile(
        "Japan/Yakochu - Umi no Kioku.flac", ("MDL-2008:A1",), Tags("Umi no Kioku", "Yakochu")
    ),
    DigitalFile(
        "Japan/Mariko Fujisawa - 2 AM.ogg", ("MD-7041:A",), Tags("2 AM", "Mariko Fujisawa")
    ),
)

CARELESS = (
    # Artist and title swapped.
    DigitalFile("Unsorted/Drehmoment - Kolben.mp3", ("WS19:A",), Tags("Kolben", "Drehmoment")),
    DigitalFile(
        "Unsorted/Red Beans Monday - Little Orphan Brass Band.wav",
        ("TP-7-002:B",),
        Tags("Little Orphan Brass Band", "Red Beans Monday"),
    ),
    # No tags, telling names.
    DigitalFile("Vinyl rips/A1 - Prism - Refraction.mp3", ("LL-04:A1",)),
    DigitalFile("Vinyl rips/B1 - Prism - Dispersion.mp3", ("LL-04:B1",)),
    DigitalFile("Vinyl rips/02_delphine_aubry_-_hold_the_morning_(radio_edit).mp3", ("GHT021:A2",)),
    DigitalFile("Vinyl rips/01_ostrava_line_-_cold_storage_(original_mix).mp3", ("PXCD102:1-02",)),
    DigitalFile("Vinyl rips/Dj Plattenbau - Hitzefrei.opus", ("HT01:B2",)),
    # Typing errors, shouting, transliteration, articles lost.
    DigitalFile(
        "Soul/Loreta Vance - Dont Count The Rain.wav",
        ("CB-45-31:A",),
        Tags("Dont Count The Rain", "Loreta Vance"),
    ),
    DigitalFile(
        "Soul/marchetti brothers - tell lucile.aiff",
        ("LSS5521:A3",),
        Tags("tell lucile", "marchetti brothers"),
    ),
    DigitalFile(
        "NDW/DIE NACHZUEGLER - TELEFONZELLE.aiff",
        ("KW45-8:A",),
        Tags("TELEFONZELLE", "DIE NACHZUEGLER", "NDW SAMPLER"),
    ),
    DigitalFile(
        "Unsorted/Severny Vokzal - Elektrichka.wav",
        ("МД093:A",),
        Tags("Elektrichka", "Severny Vokzal"),
    ),
    DigitalFile(
        "Carousel Sound System/live/2 steam organ dub.mp3",
        ("MGRDVD01:CD-2",),
        Tags("steam organ dub", "carousel soundsystem", "live at the old tanery"),
    ),
    # One record, one file per side.
    DigitalFile(
        "Vinyl rips/Ruben Castellanos - Azotea Sessions - Side A.flac",
        ("TR008:A1", "TR008:A2"),
        Tags("Side A", "Ruben Castellanos", "Azotea Sessions", track=1),
    ),
    DigitalFile(
        "Vinyl rips/Ruben Castellanos - Azotea Sessions - Side B.flac",
        ("TR008:B1", "TR008:B2"),
        Tags("Side B", "Ruben Castellanos", "Azotea Sessions", track=2),
    ),
)

OTHER_VERSIONS = (
    DigitalFile(
        "Jazz/Wendell Osgood Quintet - Salt Stairs (Live at the Pier).mp3",
        tags=Tags("Salt Stairs (Live at the Pier)", "Wendell Osgood Quintet", "Pier Nights"),
        version_of=("HS-1107:A2",),
        length="7:48",
    ),
    DigitalFile(
        "Downloads/Ladder and Stone - Bus Fare Inst..mp3",
        ("BRK12-009:A2",),
        Tags("Bus Fare (Inst.)", "Ladder and Stone"),
    ),
    DigitalFile(
        "Downloads/Tidewater Assembly - Longshore Drift (Saltmarsh Remix).mp3",
        tags=Tags("Longshore Drift (Saltmarsh Remix)", "Tidewater Assembly"),
        version_of=("LL-11:B2",),
        length="6:30",
    ),
    DigitalFile(
        "Indie/Bellweather - Half A Heart Street (Loretta Vance cover).ogg",
        tags=Tags("Half A Heart Street (Loretta Vance cover)", "Bellweather", "B-Sides", year=2013),
        version_of=("CB-45-31:B",),
        length="3:31",
        doubtful=True,
    ),
)

UNCLEAR = (
    # Both sides of the record bear this name, and the record prints no lengths.
    DigitalFile(
        "Unsorted/Fathom Works - Untitled.mp3",
        ("FW001:A", "FW001:B"),
        Tags("Untitled", "Fathom Works"),
        length="4:35",
        doubtful=True,
    ),
    # Four mixes carry the title; only the length says which.
    DigitalFile(
        "Unsorted/Nadia Ferris - Glow.mp3",
        ("MPCD77:1",),
        Tags("Glow", "Nadia Ferris"),
        doubtful=True,
    ),
)

STRANGERS = (
    # A title of the shelf, but another artist's piece.
    DigitalFile(
        "Unsorted/Bellweather - Gull.mp3",
        tags=Tags("Gull", "Bellweather", "Garage Demos"),
        length="2:10",
    ),
    DigitalFile(
        "Mirko Halvorsen/Spätkauf (2004)/01 Spätkauf.mp3",
        tags=Tags("Spätkauf", "Mirko Halvorsen", "Spätkauf", track=1, year=2004),
        length="5:12",
    ),
    DigitalFile(
        "Bellweather/Copper Wire/01 Copper Wire.ogg",
        tags=Tags("Copper Wire", "Bellweather", "Copper Wire", track=1, year=2012),
        length="3:25",
    ),
    DigitalFile(
        "Bellweather/Copper Wire/02 Weathervane.ogg",
        tags=Tags("Weathervane", "Bellweather", "Copper Wire", track=2, year=2012),
        length="4:02",
    ),
    DigitalFile(
        "Ostwind Ensemble/Préludes/03 Prelude In Grey.flac",
        tags=Tags("Prelude In Grey", "Ostwind Ensemble", "Préludes", track=3, year=2008),
        length="2:48",
    ),
    DigitalFile(
        "Family/school recorder concert.wav",
        tags=Tags("school recorder concert", album="Family"),
        length="1:34",
    ),
    DigitalFile(
        "Family/voice memo 14.aiff", tags=Tags("voice memo 14", album="Family"), length="0:41"
    ),
)

FILES: tuple[DigitalFile, ...] = (
    WELL_TAGGED + ALMOST_RIGHT + CARELESS + OTHER_VERSIONS + UNCLEAR + STRANGERS
)
"""The whole library."""
