from __future__ import annotations

import pytest

from musictool_core.music import Want


@pytest.mark.parametrize(
    ("want", "line"),
    [
        (Want("gap:1:A1", "Aphex Twin", "Xtal"), "Aphex Twin - Xtal"),
        (Want("gap:1:A1", "AFX", "Xtal", mix="Live Mix"), "AFX - Xtal (Live Mix)"),
        (Want("gap:1:A1", "", "Xtal", mix="Live Mix"), "Xtal (Live Mix)"),
        (Want("gap:1:A1", "", "Xtal"), "Xtal"),
    ],
)
def test_a_want_is_written_as_a_person_would(want: Want, line: str) -> None:
    assert want.line() == line
