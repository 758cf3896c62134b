"""What is to be logged about alarms, in order: transitions of occurrences, and what hides a condition or shows it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_step import Alarm, Transition
from console.domain.alarms import AlarmKind, Condition
from console.services.alarms.alarm_rows import AlarmRows
from console.services.alarms.transitions import AlarmTransition

ONCE = frozenset({Transition.RAISED, Transition.RETURNED, Transition.CLOSED, Transition.RETIRED, Transition.SUPERSEDED})
_ENDS = (Transition.CLOSED, Transition.RETIRED, Transition.SUPERSEDED)
_KINDS = {kind: kind.value for kind in AlarmKind}  # asking an enum for its value costs more than the rest of a row
_N_BITS = 0x7FFFFFFF  # the centre keeps `n` in 31 bits


class TransitionLog:
    """Kept until `take`. The key of a row is (condition, start, transition, n), the same at every station."""

    def __init__(self, rows: AlarmRows, condition_of: Callable[[int], Condition]) -> None:
        self._rows = rows
        self._condition_of = condition_of
        self._counted: dict[tuple[int, int], Counter[str]] = {}
        self._waiting: list[AlarmTransition] = []

    def take(self) -> list[AlarmTransition]:
        """What came since the last call, in order."""
        taken, self._waiting = self._waiting, []
        return taken

    def go_on(self, row: int, start_us: int, counted: Mapping[str, int]) -> None:
        """An occurrence of the last run: so many of each kind are logged."""
        self._counted[row, start_us] = Counter(counted)

    def put(self, row: int, alarm: Alarm, logs: tuple[Transition, ...], at_us: int, now_us: int, who: str = "") -> None:
        """Transitions of one occurrence; `n` counts those of a kind."""
        for transition in logs:
            n = 0
            if transition not in ONCE:
                counted = self._counted.setdefault((row, alarm.start_us), Counter())
                n = counted[transition]
                counted[transition] += 1
            told_us = alarm.annunciated_us if transition is Transition.RAISED else at_us
            if transition is Transition.RETURNED:
                told_us = max(at_us, alarm.start_us)  # never before its beginning, by whatever clock
            self._write(row, alarm, transition, n, told_us, now_us, who)
        if logs and logs[-1] in _ENDS:
            self._counted.pop((row, alarm.start_us), None)

    def put_all(self, rows: Sequence[int], transition: Transition, at_us: NDArray[np.int64], now_us: int) -> None:
        """The same transition of many rows as they stand now, one of those that an occurrence meets once."""
        known, index = self._rows, np.array(rows, np.int64)
        start_us = known.start_us[index].tolist()
        priority = known.priorities_of(index, np.maximum(known.worst[index], 1)).tolist()
        severity = (known.severity[index] * known.sign[index]).tolist()
        columns = (start_us, at_us.tolist(), priority, severity, known.value[index].tolist())
        put, condition_of = self._waiting.append, self._condition_of
        for row, start, at, how_urgent, how_far, value in zip(rows, *columns, strict=True):
            one = condition_of(row)
            put(
                AlarmTransition(
                    one.condition_id, start, transition, 0, at, now_us, how_urgent, how_far,
                    value if value == value else None,  # noqa: PLR0124 - nan
                    one.text, one.subject, _KINDS[one.kind], one.rule_id, one.side, one.area, one.asset_name,
                )
            )  # fmt: skip
        if transition in _ENDS and self._counted:
            for key in zip(rows, start_us, strict=True):
                self._counted.pop(key, None)

    def put_flag(self, row: int, transition: Transition, by: int, at_us: int, now_us: int, who: str = "") -> None:
        """A flag of the condition changed. It belongs to no occurrence (there may be none): `start_us` is 0 and `n` a
        number of what made it, so that every station that learns of it writes the same row."""
        self._write(row, self._rows.load(row), transition, by & _N_BITS, at_us, now_us, who, start_us=0)

    def _write(
        self,
        row: int,
        alarm: Alarm,
        transition: Transition,
        n: int,
        at_us: int,
        now_us: int,
        who: str,
        start_us: int | None = None,
    ) -> None:
        condition = self._condition_of(row)
        value = float(self._rows.value[row])
        self._waiting.append(
            AlarmTransition(
                condition.condition_id,
                alarm.start_us if start_us is None else start_us,
                transition,
                n,
                at_us,
                now_us,
                self._rows.priority_of(row, max(alarm.worst, 1)),
                int(alarm.severity * self._rows.sign[row]),
                value if value == value else None,  # noqa: PLR0124 - nan
                condition.text,
                condition.subject,
                _KINDS[condition.kind],
                condition.rule_id,
                condition.side,
                condition.area,
                condition.asset_name,
                who,
            )
        )


def number_of(by: bytes) -> int:
    """The number in the log of what an event did."""
    return int.from_bytes(by[:4], "big") & _N_BITS
