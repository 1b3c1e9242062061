"""Settings and health: what is set, where, and what is wrong; never a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from musictool_core import __version__
from musictool_core.host.settings import read_defaults
from musictool_web import create_app
from tests.web.conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.web.conftest import Api


def test_every_setting_is_shown_with_its_value_and_what_it_does(
    beets_config: Any, browser: FlaskClient
) -> None:
    beets_config["history"]["keep_years"] = 7

    page = browser.get("/settings").text

    for section, keys in read_defaults().items():
        for key in keys:
            assert f"{section}.{key}" in page
    assert "How many years changes can be taken back" in page
    assert "changed; the default is 2" in page
    assert "config.yaml" in page


def test_a_setting_that_is_a_table_is_shown_as_it_is_written(
    beets_config: Any, browser: FlaskClient
) -> None:
    beets_config["traktor"]["paths"] = [{"nml": "Disk/:Music/:", "local": "/music"}]

    answer = browser.get("/settings")

    assert answer.status_code == 200
    assert "[{nml: &#39;Disk/:Music/:&#39;, local: /music}]" in answer.text


def test_places_plugins_and_what_is_kept(api: Api, tmp_path: Path, parts: Web) -> None:
    parts.host.state_directory.joinpath("packed").write_bytes(b"x" * 500)

    told = api("settings")

    places = {place["name"]: place for place in told["places"]}
    assert places["library"]["path"] == str(tmp_path / "library.db")
    assert places["library"]["bytes"] == (tmp_path / "library.db").stat().st_size
    assert places["state"]["bytes"] >= 500
    assert places["music"] == {
        "name": "music",
        "path": str(tmp_path / "music"),
        "holds": "your files; never touched unasked",
        "bytes": None,
    }
    assert told["journal_mode"] == "delete"
    assert told["kept"]["most_changes"] == 500_000
    assert set(told["plugins"]) >= {"gaps", "musictool"}


def test_a_token_is_only_said_to_be_there(
    monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    secret = "a-token-nobody-may-see"
    monkeypatch.setenv("MUSICTOOL_DISCOGS_TOKEN", secret)
    made = create_app(library, token=TOKEN, secret=b"s" * 32)
    client = made.test_client()
    client.get(f"/launch?token={TOKEN}")
    try:
        told = client.get("/api/v1/settings")
        (service,) = told.json["services"]  # type: ignore[index]
        assert (service["has_token"], service["per_minute"]) == (True, 60)
        for path in ("/settings", "/settings/health", "/api/v1/settings", "/api/v1/doctor"):
            text = client.get(path).text
            assert secret not in text
            assert TOKEN not in text
        assert "token set" in client.get("/settings").text
    finally:
        made.extensions["musictool"].close()


def test_health_says_what_doctor_finds_the_worst_first(
    browser: FlaskClient, api: Api, parts: Web
) -> None:
    parts.host.cache_path.write_bytes(b"no database at all, but long enough to be looked at" * 50)

    page = browser.get("/settings/health").text
    findings = api("doctor")["findings"]

    (broken,) = [each for each in findings if each["subject"] == "cache"]
    assert broken["level"] == "error"
    assert broken["mend"].startswith("Delete it")
    assert page.index("musictool-cache.db") < page.index("No write was interrupted")
    assert "1 error" in page


def test_no_two_pages_about_health_have_one_title(browser: FlaskClient) -> None:
    titles = [
        re.search("<title>(.*?)</title>", browser.get(path).text, re.DOTALL)
        for path in ("/settings/health", "/health", "/health/upgrades", "/settings")
    ]

    assert None not in titles
    assert len({found[1] for found in titles if found}) == 4


def test_versions(api: Api) -> None:
    told = api("version")

    assert (told["musictool"], told["api"]) == (__version__, "v1")
    assert set(told) == {"musictool", "beets", "python", "sqlite", "api"}
