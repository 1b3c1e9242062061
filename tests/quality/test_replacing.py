"""What is said of new copies that are worse than those of the library."""

from __future__ import annotations

from musictool_core.quality.limits import read_limits
from musictool_core.quality.replacing import Copy, said, worse
from musictool_core.quality.score import Score, assess
from tests.fakes.measures import checked


def score(**changes: object) -> Score:
    return assess(checked(**{"clipping": None, "trace": None, **changes}), "club", read_limits())


def test_only_worse_ones_are_named_and_the_worst_first() -> None:
    fake, loud, best = score(trace=checked().trace), score(true_peak_dbtp=3.0), score()
    copies = [
        Copy("Better", best, fake),
        Copy("Same", best, best),
        Copy("Louder", loud, best),
        Copy("Fake", fake, best),
    ]

    found = worse(copies)

    assert [copy.name for copy in found] == ["Fake", "Louder"]
    assert said(found, replaces=True) == (
        "Fake: the new file is worse than the one that it replaces: 78.75 points instead of 100."
        " It went through a lossy codec: MP3 about 128 to 192 kbit/s. So is 1 more of this import."
    )
    assert said(found[1:], replaces=False) == (
        "Louder: the new file is worse than the one in the library: 97 points instead of 100."
        " Converters clip it: 3.0 dBTP."
    )


def test_less_than_a_point_is_no_difference() -> None:
    assert worse([Copy("A", score(true_peak_dbtp=0.3), score())]) == []


def test_the_reason_is_what_the_old_one_does_not_lose() -> None:
    both = {"trace": checked().trace}
    found = [Copy("A", score(**both, true_peak_dbtp=3.0), score(**both))]

    assert said(found, replaces=True).endswith("Converters clip it: 3.0 dBTP.")
