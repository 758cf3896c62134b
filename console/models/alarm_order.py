"""The default order of alarms in one number: unacknowledged first, then priority, then newest."""

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_flags import hidden_by
from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmState
from console.models.row_order import Keys, pack_keys

_IS_UNACKNOWLEDGED = np.zeros(256, np.bool_)
_IS_UNACKNOWLEDGED[[int(state) for state in UNACKNOWLEDGED_STATES]] = True
_HIDDEN_AS = np.asarray([hidden_by(flags) or 0 for flags in range(512)], np.uint8)


def hidden_as(flags: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Per row the flag under which it is listed apart (one precedence for all), 0 for none."""
    return np.asarray(_HIDDEN_AS[flags], np.uint8)


def is_unacknowledged(state: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True per row where an acknowledgement is owed."""
    return np.asarray(_IS_UNACKNOWLEDGED[state], np.bool_)


def is_listed(
    state: NDArray[np.uint8], priority: NDArray[np.uint8], flags: NDArray[np.uint16] | None = None
) -> NDArray[np.bool_]:
    """True per row that belongs in the list: not normal, not for the journal only, and kept aside by nothing."""
    listed = (state != AlarmState.NORMAL) & (priority >= 1) & (priority <= 4)
    return np.asarray(listed if flags is None else listed & (_HIDDEN_AS[flags] == 0), np.bool_)


def alarm_keys(state: NDArray[np.uint8], priority: NDArray[np.uint8], start_us: NDArray[np.int64]) -> Keys:
    """uint64 per row, the smallest is the most urgent."""
    return pack_keys(~is_unacknowledged(state), priority, start_us)
