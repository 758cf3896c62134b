"""Which lists of alarms there are, and by which flag an alarm is in one of those kept aside."""

from enum import StrEnum

from console.domain.alarm_flags import AlarmFlag


class AlarmTab(StrEnum):
    """The lists of alarm management; of those kept aside each alarm is in one, by `alarm_flags.PRECEDENCE`."""

    ACTIVE = "active"
    UNACKNOWLEDGED = "unacknowledged"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    SUPPRESSED = "suppressed"


ASIDE_FLAGS: dict[AlarmTab, int] = {
    AlarmTab.SHELVED: AlarmFlag.SHELVED,
    AlarmTab.OUT_OF_SERVICE: AlarmFlag.OUT_OF_SERVICE,
    AlarmTab.SUPPRESSED: AlarmFlag.SUPPRESSED,  # and those behind their cause
}
