"""Recognising what came instead of data."""

from __future__ import annotations

import pytest

from musictool_core.net.pages import Page, is_cut_json, recognise_page

HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("headers", "body", "page"),
    [
        ({"Content-Type": "application/json"}, b'{"title": "Just a moment"}', None),
        ({}, b"", None),
        (HTML, b"<html><title>Just a moment...</title>", Page.CHALLENGE),
        (HTML, b"<TITLE lang='en'>\n Just a moment...\n</TITLE>", Page.CHALLENGE),
        (HTML, b"<title>Attention Required! | Cloudflare</title>", Page.CHALLENGE),
        (HTML, b"<title>Client Challenge</title>", Page.CHALLENGE),
        (HTML | {"cf-mitigated": "challenge"}, b"<title>Un instant...</title>", Page.CHALLENGE),
        (HTML, b"<title>Records</title><script src='/_fs-ch-1/script.js'>", Page.OTHER),
        (HTML, b"<title>Login</title><!--<WISPAccessGatewayParam>-->", Page.NETWORK_LOGIN),
        ({}, b"\n<!DOCTYPE html><html>", Page.OTHER),
        ({}, b"<HTML>", Page.OTHER),
    ],
)
def test_pages_are_told_apart(headers: dict[str, str], body: bytes, page: Page | None) -> None:
    assert recognise_page(headers, body) is page


@pytest.mark.parametrize(
    ("body", "cut"),
    [(b' {"a": [1', True), (b"[1, 2", True), (b"<html>", False), (b"oops", False), (b"", False)],
)
def test_text_that_began_as_json_was_cut(body: bytes, *, cut: bool) -> None:
    assert is_cut_json(body) is cut
