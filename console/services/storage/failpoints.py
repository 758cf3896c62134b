"""Named points at which a crash test ends the process at once; without effect in every other process.

Armed only by the environment variable LEITSTAND_FAILPOINT (`name` or `name:n` for the n-th time), read once at the
import, and never in a frozen (installed) build. Unarmed, a point costs one comparison of a module's constant.
"""

import os
import sys

POINTS = (
    "begin.before", "begin.after", "insert.before", "insert.after", "commit.before", "commit.after",
    "project.before", "project.after", "receipt.before", "receipt.after", "anchor.before", "anchor.after",
)  # fmt: skip
ARCHIVE_POINTS = (  # of sealing and pruning old entries, which few stations do
    "seal.written", "seal.renamed", "seal.told", "seal.listed", "prune.before", "prune.kept", "prune.deleted",
)  # fmt: skip
EXIT_CODE = 137  # what a shell says of a process that was killed

_armed, _, _times = ("" if getattr(sys, "frozen", False) else os.environ.get("LEITSTAND_FAILPOINT", "")).partition(":")
_left = int(_times or 1)


def arm(point: str) -> None:
    """For a test's own child process: as if LEITSTAND_FAILPOINT had been set before the import."""
    global _armed, _left
    _armed, _, times = point.partition(":")
    _left = int(times or 1)


def reach(name: str) -> None:
    """End the process here, without flushing or closing anything, when this point is armed and its turn has come."""
    global _left
    if _armed != name:
        return
    _left -= 1
    if _left <= 0:
        os._exit(EXIT_CODE)
