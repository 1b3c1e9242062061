from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.errors import ConfigError
from musictool_core.host.settings import Settings, read_defaults, read_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def user(beets_config: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The user's configuration, without tokens of the developer around it."""
    monkeypatch.delenv("MUSICTOOL_DISCOGS_TOKEN", raising=False)
    monkeypatch.delenv("MUSICTOOL_DISCOGS_TOKEN_FILE", raising=False)
    return beets_config


def token() -> str:
    return read_settings().discogs_token


@pytest.mark.usefixtures("user")
def test_without_settings_the_documented_defaults_hold() -> None:
    defaults = read_defaults()

    settings = read_settings()

    assert settings == Settings(
        hosts=defaults["musictool"]["hosts"],
        gaps_on_import=defaults["gaps"]["on_import"],
        gaps_videos=defaults["gaps"]["videos"],
        shops_used=tuple(defaults["marketplace"]["use"]),
        shops=defaults["marketplace"]["shops"],
    )


def test_what_the_user_sets_replaces_the_default(user: Any) -> None:
    hosts = {"discogs": {"base_url": "http://127.0.0.1:8000"}}
    user["musictool"] = {"hosts": hosts}
    user["gaps"] = {"videos": True, "on_import": False}
    user["marketplace"] = {"use": "bandcamp juno"}

    settings = read_settings()

    assert settings.hosts == hosts
    assert (settings.gaps_videos, settings.gaps_on_import) == (True, False)
    assert settings.shops_used == ("bandcamp", "juno")


def test_a_setting_that_does_not_exist_names_the_nearest(user: Any) -> None:
    user["gaps"] = {"vidoes": True}

    with pytest.raises(ConfigError, match=r"setting gaps\.vidoes") as caught:
        read_settings()

    assert "Did you mean 'videos'?" in caught.value.line()


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("gaps", {"videos": "perhaps"}, "gaps.videos: 'perhaps' is not yes or no"),
        ("musictool", {"hosts": "discogs"}, "musictool.hosts: 'discogs' is not a table"),
        ("marketplace", {"use": 5}, "marketplace.use: 5 is not a list"),
    ],
)
def test_a_value_of_the_wrong_kind_is_one_line(
    user: Any, section: str, values: dict[str, Any], said: str
) -> None:
    user[section] = values

    with pytest.raises(ConfigError) as caught:
        read_settings()

    assert said in caught.value.line()
    assert "\n" not in caught.value.line()


def test_the_token_is_that_of_beets_own_plugin_and_is_never_shown(user: Any) -> None:
    user["discogs"] = {"user_token": "secret"}

    assert token() == "secret"
    assert "secret" not in repr(read_settings())


def test_a_token_in_the_environment_goes_before_that_of_the_configuration(
    user: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user["discogs"] = {"user_token": "configured"}
    (tmp_path / "token").write_text("from a file\n")

    monkeypatch.setenv("MUSICTOOL_DISCOGS_TOKEN_FILE", str(tmp_path / "token"))
    assert token() == "from a file"
    monkeypatch.setenv("MUSICTOOL_DISCOGS_TOKEN", "direct")
    assert token() == "direct"


@pytest.mark.usefixtures("user")
def test_a_token_file_that_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICTOOL_DISCOGS_TOKEN_FILE", "/no/such/file")

    with pytest.raises(ConfigError, match="is not a readable file"):
        read_settings()


@pytest.mark.parametrize(
    ("given", "auto"), [(True, "yes"), (False, "no"), ("background", "background"), ("no", "no")]
)
def test_measuring_on_import_is_a_switch_with_a_third_position(
    user: Any, given: object, auto: str
) -> None:
    user["djanalysis"]["auto"] = given

    assert read_settings().analysis.auto == auto


def test_settings_of_the_analysis_are_taken_over(user: Any) -> None:
    user["djanalysis"] = {"bpm_range": [60, 150.5], "tag_notation": "open", "bpm_decimals": 2}
    user["musictool"]["jobs"]["scheduler"] = "tcp://127.0.0.1:8786"

    found = read_settings().analysis

    assert (found.tempo_range, found.tag_notation, found.bpm_decimals) == ((60.0, 150.5), "open", 2)
    assert found.scheduler == "tcp://127.0.0.1:8786"


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("djanalysis", "auto", "later", '"yes" or "background" or "no"'),
        ("djanalysis", "tag_notation", "camelt", "Did you mean 'camelot'?"),
        ("djanalysis", "bpm_decimals", 4, "0 to 3"),
        ("djanalysis", "bpm_range", [100, 150], "at least twice the first"),
        ("djanalysis", "bpm_range", ["a", "b"], "two numbers"),
        ("musictool", "jobs", {"schedule": "x"}, "Did you mean 'scheduler'?"),
    ],
)
def test_settings_of_the_analysis_that_cannot_be_used_are_one_line(
    user: Any, section: str, key: str, value: object, expected: str
) -> None:
    user[section][key] = value

    with pytest.raises(ConfigError) as refused:
        read_settings()

    assert expected in refused.value.line()
