"""The priority of an alarm from what happens without a response and how long one may wait: never chosen by feeling."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.alarms import Priority
from console.domain.master_fields import Severity

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class PriorityMatrix:
    """`bounds_s` in rising order part the time to respond into columns, the shortest first; a row for each severity
    has one priority more than there are bounds. Raises ValueError when it is no such matrix."""

    bounds_s: tuple[int, ...] = (3 * MINUTE_S, 10 * MINUTE_S, 30 * MINUTE_S)
    rows: Mapping[Severity, tuple[Priority, ...]] = field(
        default_factory=lambda: {
            Severity.SEVERE: (Priority.CRITICAL, Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM),
            Severity.MAJOR: (Priority.HIGH, Priority.HIGH, Priority.MEDIUM, Priority.LOW),
            Severity.MINOR: (Priority.MEDIUM, Priority.LOW, Priority.LOW, Priority.JOURNAL),
        }
    )

    def __post_init__(self) -> None:
        if list(self.bounds_s) != sorted(set(self.bounds_s)) or any(bound <= 0 for bound in self.bounds_s):
            raise ValueError("the times of a priority matrix must rise")
        if set(self.rows) != set(Severity) or any(len(row) != len(self.bounds_s) + 1 for row in self.rows.values()):
            raise ValueError("a priority matrix needs a priority for every severity and time")

    def column(self, time_to_respond_s: int) -> int:
        """A time of exactly a bound belongs to the shorter one, the more urgent one."""
        return sum(time_to_respond_s > bound for bound in self.bounds_s)

    def priority(self, severity: str, time_to_respond_s: str) -> Priority | None:
        """From a record's values; None while one of them is missing."""
        if severity not in set(Severity) or not time_to_respond_s.isdecimal():
            return None
        return self.rows[Severity(severity)][self.column(int(time_to_respond_s))]


DEFAULT_MATRIX = PriorityMatrix()
