"""What stands beside an alarm's own state: reasons to keep it out of the list, and marks. Independent of each other.

Region 1 (`alarm_step`) keeps running under every flag; flags change annunciation and list membership only (OPC
10000-9 4.8). One documented precedence when several apply: out of service, suppressed by design, masked by its
parent, shelved.
"""

from enum import IntFlag
from functools import cache


class AlarmFlag(IntFlag):
    """The values are stable in columns and logs."""

    SHELVED = 1  # by a person, for a time
    SUPPRESSED = 2  # by a rule (by design)
    OUT_OF_SERVICE = 4  # for maintenance, by a person
    MASKED = 8  # its parent is in alarm
    CHATTERING = 16  # comes and goes: 3 times within 60 s
    FIRST_OUT = 32  # the first of its group
    OWNED = 64  # somebody works on it
    REALARMED = 128  # its acknowledgement ran out
    ESCALATED = 256  # nobody acknowledged it in the time of its class


HIDING = AlarmFlag.SHELVED | AlarmFlag.SUPPRESSED | AlarmFlag.OUT_OF_SERVICE | AlarmFlag.MASKED
PRECEDENCE = (AlarmFlag.OUT_OF_SERVICE, AlarmFlag.SUPPRESSED, AlarmFlag.MASKED, AlarmFlag.SHELVED)


@cache  # of 512 values; asked for each alarm that is shown
def hidden_by(flags: int) -> AlarmFlag | None:
    """The flag under which an alarm is listed apart; None: it is in the list as its state says."""
    return next((flag for flag in PRECEDENCE if flags & flag), None)
