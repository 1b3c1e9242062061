"""The words that name versions, and the words that mean nothing, in the languages files use.

Data only. All words are in the normal form of `text.text_key`; `wording` reads them, `versions`
holds the table that says which versions are compatible.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What sort of version a title names."""

    REMIX = "remix"
    DUB = "dub"
    INSTRUMENTAL = "instrumental"
    ACAPELLA = "acapella"
    LIVE = "live"
    DEMO = "demo"
    ACOUSTIC = "acoustic"
    ORCHESTRAL = "orchestral"
    COVER = "cover"
    REPRISE = "reprise"
    TOOL = "tool"
    MASHUP = "mashup"
    ALTERED = "altered speed"
    RERECORDING = "re-recording"
    ALTERNATE = "alternate"
    VIP = "vip"
    SHORT = "radio edit"
    LONG = "extended"
    CLUB = "club"
    VOCAL = "vocal"
    CLEAN = "clean"
    MONO = "mono"
    STEREO = "stereo"


KIND_OF_WORD: dict[str, Kind] = {
    "remix": Kind.REMIX,
    "remixes": Kind.REMIX,
    "remixed": Kind.REMIX,
    "remixado": Kind.REMIX,
    "rework": Kind.REMIX,
    "reworked": Kind.REMIX,
    "reworking": Kind.REMIX,
    "remake": Kind.REMIX,
    "refix": Kind.REMIX,
    "rebuild": Kind.REMIX,
    "rerub": Kind.REMIX,
    "rub": Kind.REMIX,
    "reedit": Kind.REMIX,
    "redub": Kind.REMIX,
    "rebump": Kind.REMIX,
    "relick": Kind.REMIX,
    "reconstruction": Kind.REMIX,
    "deconstruction": Kind.REMIX,
    "reinterpretation": Kind.REMIX,
    "interpretation": Kind.REMIX,
    "reshape": Kind.REMIX,
    "retouch": Kind.REMIX,
    "revision": Kind.REMIX,
    "remodel": Kind.REMIX,
    "treatment": Kind.REMIX,
    "translation": Kind.REMIX,
    "bootleg": Kind.REMIX,
    "redux": Kind.REMIX,
    "flip": Kind.REMIX,
    "dub": Kind.DUB,
    "dubb": Kind.DUB,
    "dubbed": Kind.DUB,
    "dubstrumental": Kind.DUB,
    "instrumental": Kind.INSTRUMENTAL,
    "instrumentals": Kind.INSTRUMENTAL,
    "instrumentale": Kind.INSTRUMENTAL,
    "strumentale": Kind.INSTRUMENTAL,
    "instrumentaal": Kind.INSTRUMENTAL,
    "instr": Kind.INSTRUMENTAL,
    "inst": Kind.INSTRUMENTAL,
    "acapella": Kind.ACAPELLA,
    "acappella": Kind.ACAPELLA,
    "accapella": Kind.ACAPELLA,
    "acapela": Kind.ACAPELLA,
    "acappela": Kind.ACAPELLA,
    "live": Kind.LIVE,
    "unplugged": Kind.LIVE,
    "concert": Kind.LIVE,
    "concerto": Kind.LIVE,
    "concierto": Kind.LIVE,
    "konzert": Kind.LIVE,
    "koncert": Kind.LIVE,
    "rehearsal": Kind.LIVE,
    "soundcheck": Kind.LIVE,
    "demo": Kind.DEMO,
    "acoustic": Kind.ACOUSTIC,
    "acustico": Kind.ACOUSTIC,
    "acustica": Kind.ACOUSTIC,
    "acoustique": Kind.ACOUSTIC,
    "akustik": Kind.ACOUSTIC,
    "orchestral": Kind.ORCHESTRAL,
    "symphonic": Kind.ORCHESTRAL,
    "karaoke": Kind.COVER,
    "cover": Kind.COVER,
    "covered": Kind.COVER,
    "tribute": Kind.COVER,
    "reprise": Kind.REPRISE,
    "tool": Kind.TOOL,
    "bonusbeats": Kind.TOOL,
    "beats": Kind.TOOL,
    "mashup": Kind.MASHUP,
    "megamix": Kind.MASHUP,
    "minimix": Kind.MASHUP,
    "medley": Kind.MASHUP,
    "nightcore": Kind.ALTERED,
    "slowed": Kind.ALTERED,
    "spedup": Kind.ALTERED,
    "screwed": Kind.ALTERED,
    "8daudio": Kind.ALTERED,
    "rerecorded": Kind.RERECORDING,
    "rerecording": Kind.RERECORDING,
    "alternate": Kind.ALTERNATE,
    "alternative": Kind.ALTERNATE,
    "alt": Kind.ALTERNATE,
    "outtake": Kind.ALTERNATE,
    "vip": Kind.VIP,
    "radio": Kind.SHORT,
    "edit": Kind.SHORT,
    "edited": Kind.SHORT,
    "short": Kind.SHORT,
    "7inch": Kind.SHORT,
    "airplay": Kind.SHORT,
    "extended": Kind.LONG,
    "extd": Kind.LONG,
    "ext": Kind.LONG,
    "long": Kind.LONG,
    "12inch": Kind.LONG,
    "10inch": Kind.LONG,
    "maxi": Kind.LONG,
    "club": Kind.CLUB,
    "vocal": Kind.VOCAL,
    "vocals": Kind.VOCAL,
    "vox": Kind.VOCAL,
    "clean": Kind.CLEAN,
    "mono": Kind.MONO,
    "stereo": Kind.STEREO,
}
"""Words that name a kind wherever they stand outside the title itself."""

NEEDS_COMPANY = frozenset(
    {"radio", "club", "long", "short", "beats", "tool", "concert", "7inch", "10inch", "12inch",
     "mono", "stereo", "maxi", "cover", "flip", "rub", "edited", "vocals", "translation",
     "treatment", "interpretation", "concerto", "tribute", "konzert", "koncert",
     "alternative", "alt",
     "concierto"}
)  # fmt: skip
"""Words that name a kind only beside another version word, or alone in their brackets."""

FORMAT_WORDS = frozenset({"7inch", "10inch", "12inch", "maxi"})
"""Words that alone in brackets name the carrier, not the version: "Title (12\")"."""

VERSION_NOUNS = frozenset(
    {"mix", "version", "versione", "versao", "fassung", "versie", "wersja", "verzija", "verze",
     "take", "cut", "session", "sessions", "variation", "variant", "mixed", "mixes", "mx",
     "groove", "anthem", "excursion", "journey", "experience", "trip"}
)  # fmt: skip
"""Words that make the brackets they stand in the name of a version."""

WEAK_NOUNS = frozenset({"groove", "anthem", "excursion", "journey", "experience", "trip", "take",
                        "session", "sessions", "cut", "variation"})  # fmt: skip
"""Version nouns that are title words just as often; alone they prove nothing."""

ORIGINAL_WORDS = frozenset(
    {"original", "originale", "originali", "album", "lp", "ep", "main", "full", "length",
     "standard", "regular", "official", "normal", "complete", "uncut", "studio", "unedited",
     "explicit", "dirty", "single", "uncensored", "proper", "unreleased", "promo", "exclusive",
     "street", "track"}
)  # fmt: skip
"""Words that leave a version what it is: "Main Mix", "Album Version", "Unreleased Dub"."""

FILLER = frozenset(
    {"the", "a", "an", "of", "by", "and", "in", "s", "on", "at", "for", "from", "to", "with",
     "de", "la", "le", "el", "dj", "mr", "his", "their", "up", "n"}
)  # fmt: skip
"""Small words that never tell two versions apart."""

PHRASES: dict[tuple[str, ...], str] = {
    ("a", "capella"): "acapella",
    ("a", "cappella"): "acapella",
    ("a", "cappela"): "acapella",
    ("a", "capela"): "acapella",
    ("re", "mix"): "remix",
    ("re", "mixes"): "remix",
    ("re", "mixed"): "remix",
    ("re", "edit"): "reedit",
    ("re", "work"): "rework",
    ("re", "rub"): "rerub",
    ("re", "dub"): "redub",
    ("re", "fix"): "refix",
    ("re", "construction"): "reconstruction",
    ("re", "recorded"): "rerecorded",
    ("re", "recording"): "rerecording",
    ("new", "recording"): "rerecording",
    ("first", "recording"): "alternate",
    ("early", "version"): "alternate",
    ("early", "mix"): "alternate",
    ("rough", "mix"): "alternate",
    ("different", "version"): "alternate",
    ("re", "master"): "remaster",
    ("re", "mastered"): "remastered",
    ("re", "upload"): "reupload",
    ("bonus", "beats"): "bonusbeats",
    ("bonus", "beat"): "bonusbeats",
    ("drum", "tool"): "tool",
    ("ao", "vivo"): "live",
    ("al", "vivo"): "live",
    ("en", "vivo"): "live",
    ("en", "directo"): "live",
    ("en", "direct"): "live",
    ("en", "concert"): "live",
    ("in", "concert"): "live",
    ("en", "concierto"): "live",
    ("in", "concerto"): "live",
    ("dal", "vivo"): "live",
    ("na", "zywo"): "live",
    ("na", "zivo"): "live",
    ("uzivo",): "live",
    ("mash", "up"): "mashup",
    ("mega", "mix"): "megamix",
    ("mini", "mix"): "minimix",
    ("sped", "up"): "spedup",
    ("speed", "up"): "spedup",
    ("8d", "audio"): "8daudio",
    ("made", "famous"): "karaoke",
    ("style", "of"): "karaoke",
    ("originally", "performed"): "karaoke",
    ("sound", "a", "like"): "karaoke",
    ("backing", "track"): "karaoke",
    ("play", "along"): "karaoke",
    ("tribute", "to"): "karaoke",
    ("12", "mix"): "12inch",
    ("12", "version"): "12inch",
    ("7", "mix"): "7inch",
    ("7", "version"): "7inch",
    ("12", "in"): "12inch",
    ("7", "in"): "7inch",
}
"""Several words that say what one word says."""

SPELLINGS = {
    "rmx": "remix",
    "rmxs": "remix",
    "rmix": "remix",
    "remx": "remix",
    "rx": "remix",
    "vers": "version",
    "ver": "version",
    "orig": "original",
    "edt": "edit",
    "instro": "instrumental",
    "volume": "vol",
    "instru": "instrumental",
    "livee": "live",
}
"""Short and variant spellings."""

SPOKEN_NUMBERS = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "1st": "1",
    "2nd": "2",
    "3rd": "3",
    "1ere": "1",
    "2eme": "2",
    "2e": "2",
}
"""Numbers as words and ordinals."""

ROMAN = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10,
    "xi": 11, "xii": 12,
}  # fmt: skip
"""Roman numerals as titles use them."""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


NOISE = _listed(
    """
    official officiel officielle oficial offiziell offizielles ufficiale oficjalny resmi video
    videoclip clip videoklipp videoclipe teledysk klip mv pv visualizer visualiser audio hd hq
    uhd 4k 8k 1080p 720p 480p 360p 240p hifi lossless flac mp3 wav m4a aiff 320kbps 192kbps
    128kbps 256kbps kbps kbit 320 24bit 16bit bit khz lyrics lyric lyriken testo letra paroles
    tekst songtext text description subtitulado remaster remastered remasterd remasterizado
    remasterise digital digitally vinyl rip vinylrip lp ep album single cd cdr cds cdm cassette
    tape 7inch 10inch 12inch record records recordings recording music musik musique muzik
    label reupload upload uploaded free download dl out now premiere exclusive promo new ost
    soundtrack theme film movie from bonus track hidden topic vevo explicit stereo mono
    original version mix edition deluxe release released the a an of by and in w with on for to
    de der die das le la les el los y et und von full song high quality best sound good rare
    side disc vol hits greatest hit number no nr www com net http https youtube soundcloud
    bandcamp spotify preview snippet sample
    """
)
"""Words that say nothing about which track this is when they stand beside a title."""

GENRES = _listed(
    """
    house deep tech techno trance progressive minimal electro electronic electronica ambient
    idm breakbeat breaks jungle drum bass dnb dubstep garage uk disco nu italo hi nrg eurodance
    euro eurobeat funk soul rnb jazz blues rock pop punk metal hardcore hard heavy classic
    classical folk country reggae ska dancehall hiphop hip hop rap latin salsa bossa samba
    industrial ebm wave new synth synthpop gothic indie alternative grunge experimental noise
    downtempo chillout chill lounge acid rave balearic afro world psychedelic prog krautrock
    dance music oldies 60s 70s 80s 90s black death thrash doom german italian french swedish
    """
)
"""Genre words: as good as noise when no version word stands beside them."""

REMASTER = frozenset({"remaster", "remastered", "remasterd", "remasterizado", "remasterise"})
"""Words that make the year and the "version" beside them noise: "2011 Remastered Version"."""

SAYS_ORIGINAL = frozenset({"original", "originale", "main", "album", "lp"})
"""Original words that claim to be the version a title has when none is named."""

COMMON_TITLES = _listed(
    """
    intro outro untitled unknown interlude skit prelude prologue epilogue reprise instrumental
    track bonus hidden opening ending theme overture finale introduction
    """
)
"""One-word titles that every other record has: alone they tell nothing."""

UNCENSORED = frozenset({"dirty", "explicit", "uncensored"})
"""Original words that deny "clean"."""

FEATURING = frozenset({"feat", "ft", "featuring", "starring", "prod", "produced"})
"""Words before the names of guests and producers."""

PART_WORDS = frozenset({"part", "pt", "parte", "teil", "partie", "deel", "czesc", "osa", "cast"})
"""Words before or after a part number."""

NUMBER_WORDS = frozenset({"no", "nr", "number", "num"})
"""Words before a number that mean nothing themselves."""

NOT_A_TRACK: dict[tuple[str, ...], str] = {
    ("full", "album"): "album",
    ("full", "ep"): "album",
    ("full", "lp"): "album",
    ("whole", "album"): "album",
    ("entire", "album"): "album",
    ("complete", "album"): "album",
    ("album", "completo"): "album",
    ("disco", "completo"): "album",
    ("album", "complet"): "album",
    ("album", "stream"): "album",
    ("ceo", "album"): "album",
    ("cijeli", "album"): "album",
    ("cely", "album"): "album",
    ("cala", "plyta"): "album",
    ("ganzes", "album"): "album",
    ("nuovo", "album"): "advertisement",
    ("new", "album"): "advertisement",
    ("full", "cd"): "album",
    ("full", "record"): "album",
    ("full", "tape"): "album",
    ("full", "demo"): "album",
    ("full", "mix"): "album",
    ("full", "release"): "album",
    ("full", "soundtrack"): "album",
    ("album", "mix"): "",
    ("dj", "set"): "dj set",
    ("liveset",): "dj set",
    ("continuous", "mix"): "dj set",
    ("mixtape",): "dj set",
    ("podcast",): "dj set",
    ("trailer",): "trailer",
    ("teaser",): "trailer",
    ("commercial",): "trailer",
    ("advert",): "trailer",
    ("review",): "review",
    ("unboxing",): "review",
    ("reaction",): "review",
    ("interview",): "interview",
    ("documentary",): "interview",
    ("making", "of"): "interview",
    ("tutorial",): "lesson",
    ("lesson",): "lesson",
    ("how", "to", "play"): "lesson",
    ("samples",): "sample source",
    ("sampled",): "sample source",
}
"""Words that say: this file is no single track."""
