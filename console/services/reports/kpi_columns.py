"""Rows of the alarm log as columns: what every alarm KPI is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
FOREVER = int(np.iinfo(np.int64).max)

# Codes of the transitions by position; a word that is not here takes no part.
WORDS = (
    "raised",
    "returned",
    "acknowledged",
    "closed",
    "severity_up",
    "severity_down",
    "reannunciated",
    "unacknowledged",
    "retired",
    "superseded",
    "realarmed",
    "shelved",
    "unshelved",
    "shelf_expired",
    "shelf_returned",
    "out_of_service",
    "returned_to_service",
    "suppressed",
    "unsuppressed",
    "masked",
    "unmasked",
)
CODE = {word: code for code, word in enumerate(WORDS)}
UNKNOWN = len(WORDS)
FIRST_ASIDE = CODE["shelved"]  # from here on: what hides an alarm and shows it again, outside its occurrences
ANNUNCIATES = tuple(CODE[word] for word in ("raised", "severity_up", "reannunciated", "realarmed"))
# flag -> what puts it up, what takes it down; the flags are independent of each other
FLAGS: dict[str, tuple[int, tuple[int, ...]]] = {
    "shelved": (CODE["shelved"], (CODE["unshelved"], CODE["shelf_expired"], CODE["shelf_returned"])),
    "out_of_service": (CODE["out_of_service"], (CODE["returned_to_service"],)),
    "suppressed": (CODE["suppressed"], (CODE["unsuppressed"],)),
    "masked": (CODE["masked"], (CODE["unmasked"],)),
}
LEAST_URGENT = 4  # the fifth priority goes to the journal only: nobody is annunciated


@dataclass(frozen=True, slots=True)
class AlarmColumns:
    """One element a row, in the order in which they were logged. `condition` indexes `ids` (16 bytes each).

    They hold every row of the window and of the day before it, all rows of the occurrences that were open when that day
    began, and of each condition the last rows that hid it before. More rows do no harm.
    """

    condition: NDArray[np.int32]
    start_us: I64
    at_us: I64
    code: NDArray[np.uint8]
    priority: NDArray[np.uint8]
    ids: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.at_us)

    def take(self, chosen: NDArray[np.bool_]) -> "AlarmColumns":
        if chosen.all():
            return self
        return AlarmColumns(
            self.condition[chosen],
            self.start_us[chosen],
            self.at_us[chosen],
            self.code[chosen],
            self.priority[chosen],
            self.ids,
        )


def columns_of(rows: Sequence[tuple[bytes, int, str, int, int]]) -> AlarmColumns:
    """From rows (condition id, start, transition, moment, priority), in the order in which they were logged."""
    seen: dict[bytes, int] = {}
    condition = [seen.setdefault(row[0], len(seen)) for row in rows]
    return AlarmColumns(
        np.array(condition, np.int32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.int64),
        np.array([CODE.get(row[2], UNKNOWN) for row in rows], np.uint8),
        np.array([row[4] for row in rows], np.uint8),
        tuple(seen),
    )


def by_condition(condition: NDArray[np.int32]) -> NDArray[np.int64]:
    """Order of rows by condition; those of one keep theirs. Sixteen bits are sorted without comparing."""
    narrow = len(condition) and int(condition.max()) < 1 << 16
    return np.argsort(condition.astype(np.uint16) if narrow else condition, kind="stable")


def is_one_of(codes: NDArray[np.uint8], chosen: Sequence[int]) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(chosen)] = True
    return table[codes]


def grouped(condition: NDArray[np.int32], moment: I64, *, in_order: bool = True) -> NDArray[np.int64]:
    """Order of rows by condition, then by moment; equal ones keep theirs if they have to be `in_order`."""
    if not len(moment):
        return np.zeros(0, np.int64)
    low = int(moment.min())
    bits = (int(moment.max()) - low).bit_length()
    if bits + int(condition.max()).bit_length() < 63:
        keys = (condition.astype(np.int64) << bits) | (moment - low)
        return np.argsort(keys, kind="stable" if in_order else None)
    return np.lexsort((moment, condition))
