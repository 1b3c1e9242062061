from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.app.setup import (
    OUR_PLUGINS,
    is_token,
    parse_choice,
    plan_config,
    read_configured,
    render_diff,
)
from musictool_core.errors import FormatError

CANARY = "canaryTokenThatMustNotBeSeen"
ADDED = ("gaps", "musictool")
DEFAULTS = ("musicbrainz",)


def with_plugins(content: str) -> str:
    planned = plan_config(content.encode(), add_plugins=ADDED, default_plugins=DEFAULTS)
    return planned.decode()


def with_token(content: str, token: str = CANARY) -> str:
    return plan_config(content.encode(), token=token).decode()


def is_inserted_into(content: str, planned: str) -> bool:
    """Whether nothing was lost: what was there is still there, in its order."""
    rest = iter(planned)
    return all(character in rest for character in content)


PLUGINS = {
    "words": ("plugins: fetchart lyrics\n", "plugins: fetchart lyrics gaps musictool\n"),
    "words with a comment": (
        "plugins: fetchart  # covers\nimport:\n    copy: no\n",
        "plugins: fetchart gaps musictool  # covers\nimport:\n    copy: no\n",
    ),
    "words in quotes": ("plugins: 'fetchart'\n", "plugins: 'fetchart gaps musictool'\n"),
    "empty words": ('plugins: ""\n', 'plugins: "gaps musictool"\n'),
    "words on two lines": (
        "plugins: fetchart\n    lyrics\nx: 1\n",
        "plugins: fetchart\n    lyrics gaps musictool\nx: 1\n",
    ),
    "a folded text": (
        "plugins: >\n    fetchart\n    lyrics\nx: 1\n",
        "plugins: >\n    fetchart\n    lyrics gaps musictool\nx: 1\n",
    ),
    "a list in brackets": (
        "plugins: [fetchart, lyrics]\n",
        "plugins: [fetchart, lyrics, gaps, musictool]\n",
    ),
    "an empty list": ("plugins: []\n", "plugins: [gaps, musictool]\n"),
    "brackets over lines, with comments": (
        "plugins: [\n  fetchart, # covers\n  lyrics, # words\n]\n",
        "plugins: [\n  fetchart, # covers\n  lyrics, gaps, musictool, # words\n]\n",
    ),
    "a list of lines": (
        "plugins:\n  - fetch\n  - lyrics  # b\n  # more\n\nx: 1\n",
        "plugins:\n  - fetch\n  - lyrics  # b\n  - gaps\n  - musictool\n  # more\n\nx: 1\n",
    ),
    "a list of lines that are not indented": (
        "plugins:\n- fetchart\nx: 1\n",
        "plugins:\n- fetchart\n- gaps\n- musictool\nx: 1\n",
    ),
    "a list of lines without a last line end": (
        "plugins:\n  - fetchart",
        "plugins:\n  - fetchart\n  - gaps\n  - musictool",
    ),
    "nothing after the colon": (
        "plugins:  # none\nx: 1\n",
        "plugins: gaps musictool  # none\nx: 1\n",
    ),
    "null": ("plugins: ~\n", "plugins: gaps musictool\n"),
    "no such key": ("x: 1\n", "x: 1\nplugins: musicbrainz gaps musictool\n"),
    "no such key, no last line end": ("x: 1", "x: 1\nplugins: musicbrainz gaps musictool\n"),
    "no such key, indented file": (
        "  x: 1\n  y: 2\n",
        "  x: 1\n  y: 2\n  plugins: musicbrainz gaps musictool\n",
    ),
    "no such key, end of the document": (
        "x: 1\n...\n",
        "x: 1\nplugins: musicbrainz gaps musictool\n...\n",
    ),
    "no such key, and a text at the end that would grow": (
        "# mine\nx: |\n  text",
        "# mine\nplugins: musicbrainz gaps musictool\nx: |\n  text",
    ),
    "no such key, indented file, and a text at the end that would grow": (
        "  # mine\n  x: |\n    text",
        "  # mine\n  plugins: musicbrainz gaps musictool\n  x: |\n    text",
    ),
    "no file": ("", "plugins: musicbrainz gaps musictool\n"),
    "comments only": ("# mine\n", "# mine\nplugins: musicbrainz gaps musictool\n"),
    "a mark of order": ("\ufeff", "\ufeffplugins: musicbrainz gaps musictool\n"),
    "Windows line ends": (
        "plugins:\r\n  - fetchart\r\nx: 1\r\n",
        "plugins:\r\n  - fetchart\r\n  - gaps\r\n  - musictool\r\nx: 1\r\n",
    ),
    "Windows line ends, no such key": (
        "x: 1\r\n",
        "x: 1\r\nplugins: musicbrainz gaps musictool\r\n",
    ),
    "all in braces": ("{plugins: [a], x: 1}\n", "{plugins: [a, gaps, musictool], x: 1}\n"),
    "all in braces, no such key": (
        "{x: 1}\n",
        "{x: 1, plugins: musicbrainz gaps musictool}\n",
    ),
    "empty braces": ("{}\n", "{plugins: musicbrainz gaps musictool}\n"),
    "the key twice": ("plugins: a\nplugins: b\n", "plugins: a\nplugins: b gaps musictool\n"),
}


@pytest.mark.parametrize(("content", "planned"), PLUGINS.values(), ids=list(PLUGINS))
def test_plugins_are_added_in_the_way_the_list_is_written(content: str, planned: str) -> None:
    assert with_plugins(content) == planned


SECTION = f"discogs:\n  user_token: '{CANARY}'\n"
TOKENS = {
    "no file": ("", SECTION),
    "no section": ("x: 1\n", f"x: 1\n{SECTION}"),
    "no section, Windows line ends": ("x: 1\r\n", "x: 1\r\n" + SECTION.replace("\n", "\r\n")),
    "no section, no last line end": ("x: 1", f"x: 1\n{SECTION}"),
    "no section, all in braces": (
        "{x: 1}",
        f"{{x: 1, discogs: {{user_token: '{CANARY}'}}}}",
    ),
    "a section with other settings": (
        "discogs:\n    source_weight: 0.5  # mine\nx: 1\n",
        f"discogs:\n    user_token: '{CANARY}'\n    source_weight: 0.5  # mine\nx: 1\n",
    ),
    "a section in braces": (
        "discogs: {source_weight: 0.5}\n",
        f"discogs: {{user_token: '{CANARY}', source_weight: 0.5}}\n",
    ),
    "an empty section in braces": ("discogs: {}\n", f"discogs: {{user_token: '{CANARY}'}}\n"),
    "a section without anything": (
        "discogs:  # later\nx: 1\n",
        f"discogs: {{user_token: '{CANARY}'}}  # later\nx: 1\n",
    ),
    "a token before": (
        "discogs:\n  user_token: old # mine\n",
        f"discogs:\n  user_token: '{CANARY}' # mine\n",
    ),
    "a number before": ("discogs: {user_token: 12}\n", f"discogs: {{user_token: '{CANARY}'}}\n"),
    "a token without a value": (
        "discogs:\n  user_token:\n  index_tracks: yes\n",
        f"discogs:\n  user_token: '{CANARY}'\n  index_tracks: yes\n",
    ),
}


@pytest.mark.parametrize(("content", "planned"), TOKENS.values(), ids=list(TOKENS))
def test_the_token_is_put_where_the_discogs_settings_are(content: str, planned: str) -> None:
    assert with_token(content) == planned


REFUSED = {
    "a list that another setting shares": "mine: &all [a]\nplugins: *all\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "a list of settings": "- a\n",
    "not YAML": "a: [1\n",
    "not UTF-8": "a: \udcff\n",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_changed_alone_is_left_and_explained(content: str) -> None:
    with pytest.raises(FormatError, match="left alone") as caught:
        plan_config(content.encode(errors="surrogateescape"), add_plugins=ADDED)

    assert "Add by hand what is missing: discogscollection, djanalysis, gaps" in caught.value.line()


@pytest.mark.parametrize(
    "content", ["discogs: [a]\n", "discogs: text\n", "discogs:\n  user_token: [a]\n"]
)
def test_settings_of_discogs_that_are_no_settings_are_left_alone(content: str) -> None:
    with pytest.raises(FormatError):
        with_token(content)


def test_nothing_asked_for_changes_nothing() -> None:
    content = b"# odd\r\n\n plugins:   [a,b]\t\n"

    assert plan_config(content) == content


def test_doing_both_twice_leaves_nothing_to_do() -> None:
    once = plan_config(b"x: 1\n", add_plugins=OUR_PLUGINS, token=CANARY, default_plugins=DEFAULTS)

    assert read_configured(once).plugins == ("musicbrainz", *OUR_PLUGINS)
    assert read_configured(once).token == CANARY
    assert plan_config(once, token=CANARY) == once


@pytest.mark.parametrize("token", ["007", "yes", "0x1f", "a'b", "#x", "{a}", "- a:b", "1e5"])
def test_a_token_is_read_back_as_it_was_given(token: str) -> None:
    for content in ("", "discogs: {a: 1}\n", "discogs:\n  user_token: old\n"):
        assert read_configured(with_token(content, token).encode()).token == token


def test_a_file_that_names_no_plugins_leaves_them_to_beets() -> None:
    assert read_configured(b"").plugins is None
    assert read_configured(b"plugins:\n").plugins == ()
    assert read_configured(b"plugins: [a, b]\n").plugins == ("a", "b")


# Any configuration, in any of the ways PyYAML can write it.

KEYS = st.text("abcdefgh_", min_size=1, max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-999, 999)
    | st.text(max_size=12)
    | st.text("ab #:\n'\"-|>", max_size=12)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)
NAMES = st.lists(st.sampled_from(["fetchart", "lyrics", "chroma"]), max_size=3, unique=True)
SECTIONS = st.none() | st.dictionaries(KEYS | st.just("user_token"), SCALARS, max_size=3)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    values = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    if draw(st.booleans()):
        values["plugins"] = draw(NAMES | NAMES.map(" ".join))
    if draw(st.booleans()):
        values["discogs"] = draw(SECTIONS)
    order = draw(st.permutations(list(values)))
    return {key: values[key] for key in order}


@given(
    values=configurations(),
    style=st.sampled_from([None, False, True]),
    indent=st.integers(2, 6),
    line_end=st.sampled_from(["\n", "\r\n"]),
    strip=st.booleans(),
)
def test_all_other_values_stay_whatever_the_file_looks_like(
    values: dict[str, Any], style: bool | None, indent: int, line_end: str, strip: bool
) -> None:
    content = yaml.safe_dump(
        values, default_flow_style=style, indent=indent, line_break=line_end, sort_keys=False
    )
    content = content.rstrip() if strip else content

    planned = plan_config(
        content.encode(), add_plugins=ADDED, token=CANARY, default_plugins=DEFAULTS
    ).decode()

    given_before, found = yaml.safe_load(content) or {}, yaml.safe_load(planned)
    section = given_before.pop("discogs", None) or {}
    names = given_before.pop("plugins", " ".join(DEFAULTS))
    listed = names.split() if isinstance(names, str) else names
    found_names = found.pop("plugins")
    found_listed = found_names.split() if isinstance(found_names, str) else found_names
    assert found.pop("discogs") == {**section, "user_token": CANARY}
    assert found_listed == [*listed, *ADDED]
    assert found == given_before
    if "user_token" not in section and content.strip() not in {"{}", ""}:
        assert is_inserted_into(content.replace("null", ""), planned)


def test_the_change_is_shown_with_every_secret_masked() -> None:
    before = b"acoustid:\n  apikey: mineAlone\nlastfm: {password: hidden, user: me}\n"
    after = plan_config(before, add_plugins=ADDED, token=CANARY, default_plugins=DEFAULTS)

    lines = render_diff("config.yaml", before, after)

    assert lines[:2] == ["--- config.yaml", "+++ config.yaml"]
    assert "+plugins: musicbrainz gaps musictool" in lines
    assert "+  user_token: ****" in lines
    assert " lastfm: {password: ****, user: me}" in lines
    shown = "\n".join(lines)
    assert not any(secret in shown for secret in (CANARY, "mineAlone", "hidden"))


def test_the_token_before_is_masked_however_it_is_written() -> None:
    before = b"discogs:\n  user_token: >-\n    oldCanary\n  a: 1\n"

    shown = "\n".join(render_diff("c", before, plan_config(before, token=CANARY)))

    assert "oldCanary" not in shown
    assert CANARY not in shown


def test_no_change_is_shown_as_nothing() -> None:
    assert render_diff("c", b"a: 1\n", b"a: 1\n") == []


@pytest.mark.parametrize("value", ["abcDEF0123", "a" * 40])
def test_what_can_be_a_token_is_taken(value: str) -> None:
    assert is_token(value)


@pytest.mark.parametrize("value", ["", "two words", "a\nb", "tökén", "a\x00b"])
def test_what_cannot_be_a_token_is_not(value: str) -> None:
    assert not is_token(value)


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        ("2", ("For sale",)),
        ("3, 1", ("Box", "Wantlist")),
        ("1 1", ("Box",)),
        ("0", None),
        ("4", None),
        ("For sale", None),
        ("²", None),
    ],
)
def test_folders_are_chosen_by_number(answer: str, chosen: tuple[str, ...] | None) -> None:
    assert parse_choice(answer, ("Box", "For sale", "Wantlist")) == chosen
