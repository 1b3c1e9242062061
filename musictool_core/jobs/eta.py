"""How long a job will still take, from the rate of this run."""

from __future__ import annotations


def remaining_s(*, first: int, done: int, total: int | None, elapsed_s: float) -> float | None:
    """Seconds until the work is finished, or None while that cannot be said.

    Args:
        first: objects that were done when this run began: a resumed job owes its rate to this run
            alone, not to what an earlier one did.
        done: objects finished now.
        total: objects in all, None while unknown.
        elapsed_s: time since `first` was seen.
    """
    if total is None:
        return None
    if done >= total:
        return 0.0
    if done <= first or elapsed_s <= 0:
        return None
    return (total - done) * elapsed_s / (done - first)
