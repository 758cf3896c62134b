"""The default order of alarms in one number: unacknowledged first, then priority, then newest (alarms.md row 48)."""

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmState

_ACKNOWLEDGED_SHIFT = np.uint64(63)
_PRIORITY_SHIFT = np.uint64(60)
_TIME_MASK = np.uint64((1 << 60) - 1)
_IS_UNACKNOWLEDGED = np.zeros(256, np.bool_)
_IS_UNACKNOWLEDGED[[int(state) for state in UNACKNOWLEDGED_STATES]] = True


def is_unacknowledged(state: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True per row where an acknowledgement is owed."""
    return np.asarray(_IS_UNACKNOWLEDGED[state], np.bool_)


def is_listed(state: NDArray[np.uint8], priority: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True per row that belongs in the list: not normal, and not for the journal only."""
    return np.asarray((state != AlarmState.NORMAL) & (priority >= 1) & (priority <= 4), np.bool_)


def pack_keys(state: NDArray[np.uint8], priority: NDArray[np.uint8], start_us: NDArray[np.int64]) -> NDArray[np.uint64]:
    """uint64 per row, the smallest first: bit 63 acknowledged, bits 60-62 priority, below the inverted start time.

    `start_us` is microseconds UTC from 0 to 2**60 (the year 38,000); times outside are cut to it.
    """
    time = np.clip(start_us, 0, int(_TIME_MASK)).astype(np.uint64)
    acknowledged = (~is_unacknowledged(state)).astype(np.uint64)
    urgency = (priority.astype(np.uint64) & np.uint64(7)) << _PRIORITY_SHIFT
    return np.asarray((acknowledged << _ACKNOWLEDGED_SHIFT) | urgency | (_TIME_MASK - time), np.uint64)
