"""What runs in a worker process: measures one file after the other, as lines of JSON ask for.

Started by `workers` as `python -m musictool_core.analysis.child package.module:function`. The first
line it answers says whether the measures could be loaded. It ends as soon as its input does, in the
middle of a file, too, so none is left when the process that asks is killed; one in which a library
lets no other thread run ends by its own deadline.
"""

from __future__ import annotations

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from musictool_core.analysis.codec import encode
from musictool_core.audio.errors import ToolMissing
from musictool_core.errors import MusicToolError
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 1.5
"""How many times its limit a file may take before the process ends by itself: its owner, who
would have ended it at its limit, is gone."""

_NICE = 10


def main(arguments: list[str]) -> None:
    """Measure until the input ends."""
    answers = _take_stdout()
    with suppress(OSError, AttributeError):
        os.nice(_NICE)
    # Ctrl-C reaches all processes of a terminal; ours are ended by the one that asks them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        measure = resolve(arguments[0])
    except Exception as error:  # noqa: BLE001 - whatever it is, the owner has to say it
        _tell(answers, {"unable": _said(error)})
        return
    _tell(answers, {"ready": True})
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    while True:
        _tell(answers, _answer(measure, json.loads(asked.get())))


def _listen(asked: queue.SimpleQueue[bytes]) -> None:
    """Take what is asked for; when nobody asks any more, nobody waits for an answer either."""
    for line in sys.stdin.buffer:
        asked.put(line)
    # The decoder that may be at work ends by itself: nobody reads what it writes.
    os._exit(0)


def _take_stdout() -> BinaryIO:
    """Where answers go; whatever libraries print goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _answer(measure: Callable[..., Any], asked: dict[str, Any]) -> dict[str, Any]:
    # Works also while a library holds the interpreter, and on every system.
    faulthandler.dump_traceback_later(asked["limit_s"] * _PATIENCE, exit=True)
    try:
        tempo_range, groups = tuple(asked["tempo_range"]), tuple(asked["groups"])
        heard = measure(Path(asked["path"]), tempo_range=tempo_range, groups=groups)
        return {
            "analysis": encode(heard.analysis) if heard.analysis else None,
            "signal": encode(heard.signal) if heard.signal else None,
            "said": heard.error,
        }
    except ToolMissing as error:
        return {"unable": _said(error)}
    except Exception as error:  # noqa: BLE001 - one bad file stops nobody
        return {"error": _said(error)}
    finally:
        faulthandler.cancel_dump_traceback_later()


def _said(error: Exception) -> str:
    if isinstance(error, MusicToolError):
        return error.line()
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _tell(answers: BinaryIO, values: dict[str, Any]) -> None:
    answers.write(json.dumps(values).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
