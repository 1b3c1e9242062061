from __future__ import annotations

import re
from unicodedata import normalize
from xml.sax.saxutils import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.traktor.locations import (
    Computer,
    PathMap,
    System,
    Translator,
    boot_volumes,
    join_folder,
    location_of_key,
    native_location,
    native_path,
    split_folder,
    suggest_maps,
)
from musictool_core.traktor.values import Location, NmlError

MAC = Computer(System.MACOS, boot=("Macintosh HD",))
WINDOWS = Computer(System.WINDOWS, serials={"C:": "1caf2a4e", "D:": "00f95451"})

# Names as disks allow them.
POSIX_NAME = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8)
WINDOWS_NAME = st.text(
    st.characters(codec="utf-8", exclude_characters=r'/\:*?"<>|\0'), min_size=1, max_size=8
)


def mac(folder: str, file: str, volume: str = "Macintosh HD") -> Location:
    return Location(volume, folder, file, volume)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (mac("/:Users/:me/:Music/:", "a.mp3"), "/Users/me/Music/a.mp3"),
        (mac("/:Techno/:", "b.aiff", "Music"), "/Volumes/Music/Techno/b.aiff"),
        (mac("/:", "root.mp3", "USB"), "/Volumes/USB/root.mp3"),
        # Seen in a real collection: the Finder shows a slash, the disk has a colon.
        (
            mac("/:Users/:me/:", "Shudder//King of Snake.m4a"),
            "/Users/me/Shudder:King of Snake.m4a",
        ),
        (mac("/:Users/:AC//DC/:", "x.mp3"), "/Users/AC:DC/x.mp3"),
        (mac("/:Users/:ends with ///:", "x.mp3"), "/Users/ends with :/x.mp3"),
    ],
)
def test_a_location_of_macos_and_its_path_lead_to_each_other(location, path):
    assert native_path(location, MAC) == path
    assert native_location(path, MAC) == location


def test_a_windows_location_names_drive_and_serial():
    location = Location("C:", "/:Users/:me/:Music/:", "a.mp3", "1caf2a4e")

    assert native_path(location, WINDOWS) == "C:\\Users\\me\\Music\\a.mp3"
    assert native_location("c:/Users/me/Music/a.mp3", WINDOWS) == location


def test_another_drive_of_the_same_letter_is_another_drive():
    assert native_path(Location("D:", "/:", "a.mp3", "00f95451"), WINDOWS) == "D:\\a.mp3"
    assert native_path(Location("D:", "/:", "a.mp3", "12345678"), WINDOWS) is None


def test_nothing_is_made_up_where_the_rules_say_nothing():
    linux = Computer(System.LINUX)

    assert native_path(mac("/:Users/:", "a.mp3"), linux) is None
    assert native_path(Location("C:", "/:", "a.mp3", "1caf2a4e"), MAC) is None
    assert native_path(Location("C:", "/:", "a//b.mp3", "1caf2a4e"), WINDOWS) is None
    assert native_location("/srv/a.mp3", linux) is None
    assert native_location("\\\\nas\\music\\a.mp3", WINDOWS) is None
    assert native_location("/Users/a.mp3", Computer(System.MACOS)) is None
    with pytest.raises(NmlError):
        native_location("a.mp3", MAC)


@given(st.lists(POSIX_NAME, min_size=1, max_size=5))
def test_every_path_of_macos_comes_back_in_nfc(names):
    path = "/" + "/".join(["Users", *names])

    location = native_location(path, MAC)

    assert location is not None
    assert native_path(location, MAC) == normalize("NFC", path)
    assert location_of_key(location.key, location.volume_id) == location


@given(st.lists(WINDOWS_NAME, min_size=1, max_size=5))
def test_every_path_of_windows_comes_back_in_nfc(names):
    path = "\\".join(["D:", *names])

    location = native_location(path, WINDOWS)

    assert location is not None
    assert native_path(location, WINDOWS) == normalize("NFC", path)
    assert location_of_key(location.key, location.volume_id) == location


@given(st.lists(POSIX_NAME, max_size=5))
def test_folders_come_back(names):
    parts = tuple(normalize("NFC", name) for name in names)

    assert split_folder(join_folder(parts)) == parts


@given(st.text(max_size=30))
def test_any_text_from_a_stranger_is_taken_apart(text):
    location_of_key(text)
    split_folder(text)


def test_real_locations_survive_the_way_to_a_path_and_back(shared_data):
    text = (shared_data / "traktor-nml/real/collection-v14-mac-2012.nml").read_text()
    found = re.findall(r'<LOCATION DIR="([^"]*)" FILE="([^"]*)" VOLUME="([^"]*)"', text)
    locations = [mac(*(unescape(t, {"&quot;": '"'}) for t in one)) for one in found]
    assert len(locations) > 2000
    translator = Translator(computer=Computer(System.MACOS, boot_volumes(locations)))

    for location in locations:
        path = translator.path(location)
        assert path is not None
        assert translator.location(path) == location


def test_the_boot_volume_is_learned_and_a_mounted_copy_is_none():
    ours = [mac("/:Users/:me/:", f"{n}.mp3", "Mac HD") for n in range(2)]
    others = [mac("/:Users/:me/:", f"{n}.mp3", "Clone") for n in range(5)]
    music = [mac("/:Techno/:", "a.mp3", "Music"), Location("C:", "/:Users/:", "a.mp3", "1")]

    assert boot_volumes([*ours, *others, *music]) == ("Clone", "Mac HD")
    assert boot_volumes([*ours, *others, *music], mounted={"Clone"}) == ("Mac HD",)


def test_the_longest_map_decides_in_both_directions():
    translator = Translator(
        [
            PathMap("Macintosh HD/:Users/:me/:", "/srv/home"),
            PathMap("Macintosh HD/:Users/:me/:Music/:", "/srv/music"),
        ]
    )
    song, other = mac("/:Users/:me/:Music/:X/:", "a.mp3"), mac("/:Users/:me/:Musical/:", "b.mp3")

    assert translator.path(song) == "/srv/music/X/a.mp3"
    assert translator.path(other) == "/srv/home/Musical/b.mp3"
    assert translator.location("/srv/music/X/a.mp3") == song
    assert translator.location("/srv/home/Musical/b.mp3") == other
    assert translator.path(mac("/:Users/:you/:", "a.mp3")) is None
    assert translator.location("/srv/musical/a.mp3") is None


def test_letter_case_of_the_collection_counts_only_when_nothing_fits_exactly():
    maps = [
        PathMap("Macintosh HD/:music/:", "/srv/lower"),
        PathMap("Macintosh HD/:Music/:", "/srv/upper"),
    ]
    translator = Translator(maps)

    assert translator.path(mac("/:Music/:", "a.mp3")) == "/srv/upper/a.mp3"
    assert translator.path(mac("/:music/:", "a.mp3")) == "/srv/lower/a.mp3"
    assert translator.path(mac("/:MUSIC/:", "a.mp3")) in {"/srv/lower/a.mp3", "/srv/upper/a.mp3"}
    assert Translator(maps, fold=False).path(mac("/:MUSIC/:", "a.mp3")) is None


def test_a_decomposed_path_of_the_disk_is_the_composed_one_of_traktor():
    translator = Translator([PathMap("Music/:", "/srv/Mu\u0308sik")])
    location = mac("/:", "Ba\u0308r.mp3", "Music")

    assert translator.path(location) == "/srv/M\u00fcsik/B\u00e4r.mp3"
    assert translator.location("/srv/M\u00fcsik/B\u00e4r.mp3") == mac("/:", "B\u00e4r.mp3", "Music")


def test_one_folder_of_two_computers_goes_to_the_collection_that_knows_the_volume():
    maps = [
        PathMap("Macintosh HD/:Users/:me/:Music/:", "/srv/music"),
        PathMap("D:\\Music", "/srv/music"),
    ]
    windows = [Location("D:", "/:Music/:", "old.mp3", "00f95451")]

    assert Translator(maps, known=windows).location("/srv/music/a.mp3") == Location(
        "D:", "/:Music/:", "a.mp3", "00f95451"
    )
    assert Translator(maps, known=[mac("/:Users/:", "x.mp3")]).location("/srv/music/a.mp3") == mac(
        "/:Users/:me/:Music/:", "a.mp3"
    )
    assert Translator(maps).location("/srv/music/a.mp3") is None


def test_which_of_two_drives_is_meant_is_not_guessed():
    known = [Location("D:", "/:", f"{n}.mp3", serial) for n, serial in enumerate("ab")]
    path = "/srv/d/a.mp3"

    assert Translator([PathMap("D:/:", "/srv/d")], known=known).location(path) is None
    told = Translator([PathMap("D:/:", "/srv/d", "b")], known=known)
    assert told.location(path) == Location("D:", "/:", "a.mp3", "b")
    assert told.path(known[0]) is None


def test_maps_lead_to_shares_and_drives_in_any_letter_case():
    translator = Translator([PathMap("C:/:Music/:", "\\\\NAS\\music")])
    location = Location("C:", "/:Music/:X/:", "a.mp3", "")

    assert translator.path(location) == "\\\\NAS\\music\\X\\a.mp3"
    assert translator.location("\\\\nas\\MUSIC\\X\\a.mp3") == location


def test_a_map_that_names_no_volume_is_refused():
    for nml in ("/:Users/:", "/Users/me", "Macintosh HD/Users"):
        with pytest.raises(NmlError, match="names no volume"):
            Translator([PathMap(nml, "/srv")])


def test_maps_are_suggested_from_what_entries_and_files_share():
    entries = [mac(f"/:Users/:me/:Music/:Artist {n}/:Album/:", f"{n}.mp3") for n in range(5)] + [
        Location("D:", f"/:Sets/:A{n}/:B/:", "live.mp3", "12ab") for n in range(2)
    ]
    files = [f"/srv/media/Music/Artist {n}/Album/{n}.mp3" for n in range(5)]
    files += [f"/srv/sets/A{n}/B/live.mp3" for n in range(2)] + ["/srv/other/x/y/z.mp3"]

    first, second = suggest_maps(entries, files)

    assert first.path_map == PathMap("Macintosh HD/:Users/:me/:Music/:", "/srv/media/Music")
    assert (first.entries, first.example) == (5, (entries[0].key, files[0]))
    # The folders differ in letter case only, and are those of one drive.
    assert second.path_map == PathMap("D:/:Sets/:", "/srv/sets", "12ab")
    translator = Translator([first.path_map, second.path_map])
    assert [translator.path(entry) for entry in entries] == files[:7]


def test_what_several_files_share_suggests_nothing():
    entries = [mac(f"/:{n}/:Music/:Artist/:Album/:", "01.mp3") for n in range(2)]

    assert suggest_maps(entries, ["/a/Artist/Album/01.mp3", "/b/Artist/Album/01.mp3"]) == []
    assert suggest_maps(entries[:1], ["/a/Artist/Album/01.mp3"]) == []
