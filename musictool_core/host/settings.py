"""The settings of one run, read once from the beets configuration and passed down as a value.

Defaults stand in `config/defaults.yaml`. The Discogs token is the one of beets' own plugin
(`discogs: user_token`), or the environment variable MUSICTOOL_DISCOGS_TOKEN, or the file that
MUSICTOOL_DISCOGS_TOKEN_FILE names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import beets
import confuse
import yaml

from musictool_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.safeio.commit import HardLinks

_KINDS = {
    bool: "yes or no",
    dict: "a table",
    int: "a whole number",
    list: "a list",
    str: "text",
}

_PLAIN_LISTS = frozenset({("traktor", "paths"), ("djanalysis", "bpm_range")})
"""Lists whose members are tables or numbers instead of words."""

_SWITCHES = frozenset({("djanalysis", "auto"), ("quality", "auto")})
"""What is yes, no, or a word."""

_TOKEN_VARIABLE = "MUSICTOOL_DISCOGS_TOKEN"  # noqa: S105 - the name of it


@dataclass(frozen=True, slots=True)
class TraktorSettings:
    """The section `traktor`, as it stands in the configuration.

    Attributes:
        collection: the NML, or a folder with installations; "" looks where Traktor keeps it.
        version: of the installation, "" for the newest.
        paths: tables with the keys `nml` and `local`: two names of one folder.
        policies: who is right when a field was changed on several sides: nml, beets, tags, newest
            or ask, by field.
        clear: fields that may be emptied by a sync.
        tags: tags of files are kept in step, too.
        keys: notation of the key column: open, camelot or musical.
        program: a regular expression for the name of Traktor's process, "" for the usual ones.
        remote: another computer's Traktor may use the collection.
        owner: name of the one computer whose Traktor uses it.
        backups: copies of the collection that are kept.
    """

    collection: str = ""
    version: str = ""
    paths: tuple[Mapping[str, str], ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    clear: tuple[str, ...] = ()
    tags: bool = True
    keys: str = "open"
    program: str = ""
    remote: bool = False
    owner: str = ""
    backups: int = 10


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """The section `djanalysis`.

    Attributes:
        auto: what is imported is measured at once ("yes"), by a job afterwards ("background"), or
            not ("no").
        workers: processes that measure; 0 for one for each processor.
        tempo_range: beats per minute that are likely, for the choice between octaves.
        tag_notation: how keys are written into tags: musical, camelot or open.
        bpm_decimals: of the tempo in tags, 0 to 3.
        comment: template of what is put into comments, "" for nothing.
        scheduler: address of a scheduler of Dask, "" to measure on this computer.
    """

    auto: str = "yes"
    workers: int = 0
    tempo_range: tuple[float, float] = (78.0, 180.0)
    tag_notation: str = "musical"
    bpm_decimals: int = 0
    comment: str = ""
    scheduler: str = ""


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """The section `quality`.

    Attributes:
        profile: whose rules and weights count: dj, collector or librarian.
        keys: how keys are to be written in the library: musical, camelot or open.
        id3v23: beets' own setting: tags are ID3v2.3, not 2.4.
        auto: as in `AnalysisSettings`, for the checks of what is imported.
        use: what files are used for: club, archive or mobile.
        theme: name of how the library is to be written; "" for none.
        themes: the user's own, by name; `quality.health.themes` checks them.
    """

    profile: str = "dj"
    keys: str = "musical"
    auto: str = "yes"
    use: str = "club"
    id3v23: bool = False
    theme: str = ""
    themes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set, with defaults for the rest.

    Attributes:
        hosts: replaced addresses and limits, by service.
        discogs_token: "" when there is none; never shown.
        gaps_on_import: tell after an import which gaps it closed.
        gaps_videos: count video tracks.
        safe_writes: "all" tag writes of beets are made safe, or only our "own".
        hardlinks: what to do with a file of several names that needs a new file, see `safeio`.
        history_years: how long changes can be taken back.
        history_changes: how many changes are kept at most.
        history_gigabytes: how much is kept at most to take back tags of files.
        traktor: how Traktor's collection is kept in step.
        analysis: how files are measured.
        quality: how metadata are judged.
        shops_used: shops to link to; empty means all.
        shops: the user's entries of the shop table.
    """

    hosts: Mapping[str, Any] = field(default_factory=dict)
    discogs_token: str = field(default="", repr=False)
    gaps_on_import: bool = True
    gaps_videos: bool = False
    safe_writes: str = "all"
    hardlinks: HardLinks = "refuse"
    history_years: int = 2
    history_changes: int = 500_000
    history_gigabytes: int = 5
    traktor: TraktorSettings = field(default_factory=TraktorSettings)
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    shops_used: tuple[str, ...] = ()
    shops: Mapping[str, Any] = field(default_factory=dict)


def read_defaults() -> dict[str, dict[str, Any]]:
    """The default of every setting, by section."""
    text = files("musictool_config").joinpath("defaults.yaml").read_text("utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return loaded


@dataclass(frozen=True, slots=True)
class SettingNow:
    """One setting as it is now.

    Attributes:
        name: "gaps.videos", as it stands in the configuration.
        value: what holds, from the configuration or by default.
        default: what holds when nothing is said.
        about: what it does, in a sentence or two.
    """

    name: str
    value: Any
    default: Any
    about: str


def list_settings() -> tuple[SettingNow, ...]:
    """All settings in the order of the defaults, with their help; none of them is a secret.

    Raises:
        ConfigError: a key that does not exist, or a value of the wrong kind.
    """
    about = _read_help()
    return tuple(
        SettingNow(f"{section}.{key}", value, defaults[key], about[section, key])
        for section, defaults in read_defaults().items()
        for key, value in _section(section, defaults).items()
    )


def _read_help() -> dict[tuple[str, str], str]:
    """The comment above each key of the defaults."""
    text = files("musictool_config").joinpath("defaults.yaml").read_text("utf-8")
    found: dict[tuple[str, str], str] = {}
    section, said = "", list[str]()
    for line in text.splitlines():
        name = line.strip().partition(":")[0]
        if line.startswith("  #"):
            said.append(line.strip("# "))
        elif line.startswith("  "):
            found[section, name] = " ".join(said)
            said = []
        elif line and not line.startswith("#"):
            section = name
    return found


def read_settings() -> Settings:
    """Read and check the settings.

    Raises:
        ConfigError: a key that does not exist, or a value of the wrong kind.
    """
    values = {name: _section(name, keys) for name, keys in read_defaults().items()}
    return Settings(
        hosts=values["musictool"]["hosts"],
        discogs_token=_token(),
        gaps_on_import=values["gaps"]["on_import"],
        gaps_videos=values["gaps"]["videos"],
        safe_writes=_safe_writes(values["musictool"]["safe_writes"]),
        hardlinks=_hardlinks(values["musictool"]["hardlinks"]),
        history_years=values["history"]["keep_years"],
        history_changes=values["history"]["keep_changes"],
        history_gigabytes=values["history"]["keep_gigabytes"],
        traktor=_traktor(values["traktor"]),
        analysis=_analysis(values["djanalysis"], values["musictool"]["jobs"]),
        quality=_quality(values["quality"]),
        shops_used=tuple(str(shop) for shop in values["marketplace"]["use"]),
        shops=values["marketplace"]["shops"],
    )


def config_path() -> Path:
    """The user's beets configuration file, which may not exist yet."""
    return Path(os.fsdecode(beets.config.user_config_path()))


def _section(name: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    given = beets.config[name].get(dict) if beets.config[name].exists() else {}
    for key in given:
        if key not in defaults:
            known = ", ".join(defaults)
            raise ConfigError(f"{name}.{key}", key, f"a setting ({known})", known=defaults)
    return {key: _value(name, key, default) for key, default in defaults.items()}


def _value(section: str, key: str, default: object) -> Any:
    view = beets.config[section][key]
    if (section, key) in _SWITCHES:
        return view.get() if view.exists() else default
    try:
        if isinstance(default, list):
            if (section, key) in _PLAIN_LISTS:
                return view.get(list) if view.exists() else default
            return view.as_str_seq() if view.exists() else default
        return view.get(type(default)) if view.exists() else default
    except confuse.ConfigError as error:
        raise ConfigError(f"{section}.{key}", view.get(), _KINDS[type(default)]) from error


def _traktor(values: Mapping[str, Any]) -> TraktorSettings:
    known = ("open", "camelot", "musical")
    if values["keys"] not in known:
        expected = '"open", "camelot" or "musical"'
        raise ConfigError("traktor.keys", values["keys"], expected, known=known)
    return TraktorSettings(
        collection=values["collection"],
        version=str(values["version"]),
        paths=tuple(_path_pair(each) for each in values["paths"]),
        policies=values["policies"],
        clear=tuple(str(name) for name in values["clear"]),
        tags=values["tags"],
        keys=values["keys"],
        program=values["program"],
        remote=values["remote"],
        owner=values["owner"],
        backups=values["backups"],
    )


def _analysis(values: Mapping[str, Any], jobs: Mapping[str, Any]) -> AnalysisSettings:
    auto = _switch("djanalysis.auto", values["auto"])
    _check_word("djanalysis.tag_notation", values["tag_notation"], ("musical", "camelot", "open"))
    for key in jobs:
        _check_word("musictool.jobs", key, ("scheduler",))
    if not 0 <= values["bpm_decimals"] <= 3:
        raise ConfigError("djanalysis.bpm_decimals", values["bpm_decimals"], "0 to 3")
    return AnalysisSettings(
        auto=auto,
        workers=values["workers"],
        tempo_range=_tempo_range(values["bpm_range"]),
        tag_notation=values["tag_notation"],
        bpm_decimals=values["bpm_decimals"],
        comment=values["comment"],
        scheduler=str(jobs.get("scheduler") or ""),
    )


def _quality(values: Mapping[str, Any]) -> QualitySettings:
    _check_word("quality.profile", values["profile"], ("dj", "collector", "librarian"))
    _check_word("quality.keys", values["keys"], ("musical", "camelot", "open"))
    auto = _switch("quality.auto", values["auto"])
    _check_word("quality.use", values["use"], ("club", "archive", "mobile"))
    return QualitySettings(
        profile=values["profile"],
        keys=values["keys"],
        auto=auto,
        use=values["use"],
        id3v23=beets.config["id3v23"].get(bool),
        theme=values["theme"],
        themes=values["themes"],
    )


def _switch(key: str, value: object) -> str:
    said = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    _check_word(key, said, ("yes", "background", "no"))
    return str(said)


def _check_word(key: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        listed = " or ".join(f'"{word}"' for word in known)
        raise ConfigError(key, value, listed, known=known)


def _tempo_range(value: Sequence[object]) -> tuple[float, float]:
    match value:
        # Less than an octave would leave some tempos without a place.
        case [int() | float() as low, int() | float() as high] if 0 < 2 * low <= high:
            return float(low), float(high)
    expected = "two numbers, the second at least twice the first"
    raise ConfigError("djanalysis.bpm_range", value, expected)


def _path_pair(value: object) -> Mapping[str, str]:
    if isinstance(value, dict) and {"nml", "local"} <= value.keys() <= {"nml", "local", "serial"}:
        return {name: str(text) for name, text in value.items()}
    raise ConfigError("traktor.paths", value, "a list of tables with the keys nml and local")


def _safe_writes(value: str) -> str:
    known = ("all", "own")
    if value not in known:
        raise ConfigError("musictool.safe_writes", value, '"all" or "own"', known=known)
    return value


def read_hardlinks() -> HardLinks:
    """The setting `musictool.hardlinks` alone, for whoever writes files one by one.

    Raises:
        ConfigError: it is none of the three.
    """
    view = beets.config["musictool"]["hardlinks"]
    return _hardlinks(view.get() if view.exists() else "refuse")


def _hardlinks(value: object) -> HardLinks:
    known: tuple[HardLinks, ...] = ("refuse", "break", "inplace")
    for name in known:
        if value == name:
            return name
    expected = '"refuse", "break" or "inplace"'
    raise ConfigError("musictool.hardlinks", value, expected, known=known)


def _token() -> str:
    named = os.environ.get(_TOKEN_VARIABLE, "")
    path = os.environ.get(f"{_TOKEN_VARIABLE}_FILE", "")
    if not named and path:
        try:
            named = Path(path).read_text("utf-8")
        except OSError as error:
            raise ConfigError(f"{_TOKEN_VARIABLE}_FILE", path, "a readable file") from error
    view = beets.config["discogs"]["user_token"]
    return named.strip() or (str(view.get() or "").strip() if view.exists() else "")
