"""All checks of one file, fed from one decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core.audio.signal.ancestry import Ancestors
from musictool_core.audio.signal.check import Block, Stream
from musictool_core.audio.signal.clicks import ClickCounter
from musictool_core.audio.signal.clipping import ClippedTops
from musictool_core.audio.signal.dropouts import Holes
from musictool_core.audio.signal.hires import Depths
from musictool_core.audio.signal.levels import ChannelLevels
from musictool_core.audio.signal.peaks import Peaks
from musictool_core.audio.signal.silence import Silences
from musictool_core.audio.signal.spectrum import MeanSpectrum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from musictool_core.audio.signal.check import Check, Floats

MEMBERS: Mapping[str, Callable[[Stream], Check]] = {
    "trace": Ancestors,
    "true_peak_dbtp": Peaks,
    "clipping": ClippedTops,
    "levels": ChannelLevels,
    "silence": Silences,
    "dropouts": Holes,
    "clicks": ClickCounter,
    "resolution": Depths,
    "spectrum": MeanSpectrum,
}
"""By the field of `Signal` that each fills."""


class Checks:
    """Every member, for one file."""

    def __init__(self, stream: Stream) -> None:
        self._members = {name: make(stream) for name, make in MEMBERS.items()}

    def passing(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        """Blocks of shape (n, channels) as they come, after the checks have seen them."""
        for frames in blocks:
            block = Block(frames)
            for member in self._members.values():
                member.feed(block)
            yield frames

    def finish(self) -> dict[str, Any]:
        """What was found, by field of `Signal`."""
        return {name: member.finish() for name, member in self._members.items()}
