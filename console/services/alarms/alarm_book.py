"""Every condition and its occurrences: takes triggers through `step`, keeps rows, log, horn and acknowledgements."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from console.domain.acknowledgements import AckInterval, TakenBack
from console.domain.alarm_step import Acknowledgement, Alarm, Event, Returning, Step, Transition, Trigger, step
from console.domain.alarms import ACTIVE_STATES, UNACKNOWLEDGED_STATES, AlarmState, Condition, Occurrence, Priority
from console.services.alarms.acknowledgements import Acknowledgements
from console.services.alarms.alarm_rows import AlarmRows
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.behind import Behind
from console.services.alarms.naming import SET_BACK_US, told_after
from console.services.alarms.row_watcher import RowWatcher as RowWatcher  # noqa: PLC0414 part of this module's face
from console.services.alarms.transition_log import TransitionLog


class OlderElsewhere(Protocol):
    """An occurrence of the same condition that another station knows since before (`elsewhere`)."""

    @property
    def start_us(self) -> int: ...
    @property
    def annunciated_us(self) -> int: ...
    @property
    def worst(self) -> int: ...


def _nobody(_row: int, _alarm: Alarm, _now_us: int) -> OlderElsewhere | None:
    return None


def _nowhere(_condition_id: UUID) -> bool:
    return False


def _same(_row: int, at_us: int, _now_us: int) -> int:
    return at_us


def _as_made(condition: Condition) -> Condition:
    return condition


Maker = Callable[[int], Condition]  # makes the static part when it is first needed: 100,000 idle ones cost nothing


def _never(_condition_id: UUID, _start_us: int) -> bool:
    return False


class AlarmBook:
    """One row per condition. Main thread only; knows no clock: `now_us` is this PC's time of the turn."""

    def __init__(self, annunciation: Annunciation) -> None:
        self.rows = AlarmRows()
        self.acknowledgements = Acknowledgements()
        self.annunciation = annunciation
        self.adopt: Callable[[int, Alarm, int], OlderElsewhere | None] = _nobody
        self.is_open_elsewhere: Callable[[UUID], bool] = _nowhere
        self.node_time_us: Callable[[int, int, int], int] = _same  # row, a time of this PC, now -> by its own node
        self._furthest_us = 0  # by this PC's clock
        self.returned_us: dict[int, int] = {}  # row -> end of the newest occurrence that was seen to end here
        self.ids: list[UUID] = []
        self._row_of: dict[UUID, int] = {}
        self._makers: list[Maker] = []
        self._conditions: dict[int, Condition] = {}
        self.guide: Callable[[Condition], Condition] = _as_made
        self.log = TransitionLog(self.rows, self.condition)
        self.behind = Behind(self.rows, self.ids, self.acknowledgements, self.log)
        self.watchers: list[RowWatcher] = []
        self.is_reset: Callable[[UUID, int], bool] = _never

    def open_row(
        self, condition_id: UUID, maker: Maker, *, outer: int, inner: int, sign: int = 1,
        returning: Returning = Returning.PLAIN,
    ) -> int:  # fmt: skip
        """The row of a condition, made at first sight; a known one (restored, edited, reborn) keeps its state."""
        row = self._row_of.get(condition_id)
        if row is None:
            row = self.rows.add(outer=outer, inner=inner, sign=sign, returning=returning)
            self._row_of[condition_id] = row
            self.ids.append(condition_id)
            self._makers.append(maker)
            for watcher in self.watchers:
                watcher.opened(row, condition_id)
            return row
        self.rows.configure(row, outer=outer, inner=inner, sign=sign, returning=returning)
        self.redefine(row, maker)
        return row

    def redefine(self, row: int, maker: Maker) -> None:
        """The static part of a row changed."""
        self._makers[row] = maker
        self._conditions.pop(row, None)
        self.rows.renew_condition(row)

    def row_of(self, condition_id: UUID) -> int | None:
        return self._row_of.get(condition_id)

    def current_row(self, occurrence: Occurrence) -> int | None:
        """The row of an occurrence while it is the one on it, else None."""
        row = self._row_of.get(occurrence.condition_id)
        return row if row is not None and self.rows.start_us[row] == occurrence.start_us else None

    def condition(self, row: int) -> Condition:
        found = self._conditions.get(row)
        if found is None:
            found = self._conditions[row] = self.guide(self._makers[row](row))
        return found

    def guide_anew(self, is_meant: Callable[[Condition], bool]) -> None:
        """What people are told about these alarms is another now: `guide` is asked again."""
        for row in [row for row, one in self._conditions.items() if is_meant(one)]:
            del self._conditions[row]
            self.rows.renew_condition(row)

    def apply(self, row: int, trigger: Trigger, now_us: int, value: float | None = None) -> Step:
        """One trigger: row, log, horn and counts follow."""
        rows = self.rows
        before = rows.load(row)
        if trigger.event is Event.CONDITION_FALSE and rows.priority[row] >= Priority.JOURNAL:
            before = replace(before, returning=Returning.CLOSING)
        if trigger.event is Event.CONDITION_TRUE and before.state not in ACTIVE_STATES:
            last, is_set_back = self.behind.newest(row, before), self.is_set_back(now_us)
            trigger = told_after(last, trigger, lambda one: self.beyond(row, one), is_set_back=is_set_back)
        result = step(before, trigger)
        if result.alarm is before:
            return result
        if value is not None:
            rows.value[row] = value
        older = None
        if Transition.RAISED in result.logs:
            rows.count[row] += 1
            rows.notes.pop(row, None)
            self.behind.forget_over(row)
            older = self.adopt(row, result.alarm, now_us)
            if older is not None:
                result = _as_part_of(result, older)
        elif Transition.RETURNED in result.logs:
            self.returned_us[row] = result.alarm.returned_us
        if result.alarm.state in UNACKNOWLEDGED_STATES:  # raised or risen: nobody has acknowledged this
            rows.acked_by.pop(row, None)
        rows.store(row, result.alarm)
        if result.superseded is not None:
            self.behind.push(row, result.superseded, now_us)
        elif before.state is AlarmState.LATCHED_ACKNOWLEDGED and Transition.RAISED in result.logs:
            self.log.put(row, before, (Transition.CLOSED,), trigger.at_us, now_us)  # the new one is to be reset now
        self.log.put(row, result.alarm, result.logs, trigger.at_us, now_us)
        self._follow(row, result, now_us, is_part=older is not None and not result.annunciate)
        return result

    def _follow(self, row: int, result: Step, now_us: int, *, is_part: bool) -> None:
        """What a step does to horn, latch and watchers."""
        if Transition.RAISED in result.logs:
            self.tell_begun(row, now_us)
        if is_part:
            self._settle(row, now_us)
        else:
            self._sound(row, result, now_us)
        if Transition.RETURNED in result.logs:
            self.settle_latch(row, now_us)
            for watcher in self.watchers:
                watcher.returned(row, now_us)
        if Transition.RETIRED in result.logs:
            self.behind.retire(row, now_us, now_us)
        else:
            self.free(row, now_us)

    def free(self, row: int, now_us: int) -> None:
        """When nothing is on the row any more, the newest older one that nobody acknowledged is; silently."""
        if self.rows.state[row] == AlarmState.NORMAL and self.behind.take_over(row, now_us):
            for watcher in self.watchers:
                watcher.taken_over(row, now_us)

    def relist(self, row: int, at_us: int, now_us: int, *, in_silence: bool = False) -> bool:
        """What was hidden is in the list again: active, it waits for acknowledgement anew, and sounds. True then.

        `at_us` is a time of this PC.
        """
        at_us = self.beyond(row, self.rows.load(row), self.node_time_us(row, at_us, now_us))
        result = self.apply(row, Trigger(Event.RELIST, at_us), now_us)
        if result.annunciate and in_silence:
            self.list_silently(row)
        return result.annunciate

    def beyond(self, row: int, alarm: Alarm, at_us: int = 0) -> int:
        """Later than whatever acknowledges the alarm, so that it counts no more, whatever its node's clock says."""
        covering = self.acknowledgements.all_covering(self.ids[row], alarm)
        return max([at_us, alarm.annunciated_us + 1, *(one.seen_through_us + 1 for one in covering)])

    def is_set_back(self, now_us: int) -> bool:
        """Whether this PC's clock stands before a time at which it was seen."""
        self._furthest_us = max(self._furthest_us, now_us)
        return now_us < self._furthest_us - SET_BACK_US

    def tell_begun(self, row: int, now_us: int) -> None:
        for watcher in self.watchers:
            watcher.begun(row, now_us)

    def settle_latch(self, row: int, now_us: int) -> bool:
        """Close what is latched, acknowledged and reset, in whatever order that was said."""
        if self.rows.state[row] != AlarmState.LATCHED_ACKNOWLEDGED:
            return False
        alarm = self.rows.load(row)
        if not self.is_reset(self.ids[row], alarm.start_us):
            return False
        result = step(alarm, Trigger(Event.RESET, now_us))
        self.rows.store(row, result.alarm)
        self.log.put(row, result.alarm, result.logs, now_us, now_us)
        self.free(row, now_us)
        return True

    def list_silently(self, row: int) -> None:
        """Unacknowledged without a sound, unless it is hidden."""
        if self.rows.is_hidden(row):
            self.annunciation.end(row)
        else:
            self.annunciation.restore(row)

    def rename(self, row: int, older: OlderElsewhere, now_us: int) -> None:
        """The active occurrence on the row is a part of one that began earlier elsewhere; silent."""
        alarm = self.rows.load(row)
        self.log.put(row, alarm, (Transition.SUPERSEDED,), alarm.changed_us, now_us)
        named = replace(alarm, start_us=older.start_us, annunciated_us=_annunciated_us(alarm, older))
        self.rows.store(row, named)
        self.log.put(row, named, (Transition.RAISED,), named.annunciated_us, now_us)
        self.tell_begun(row, now_us)
        is_seen = self.acknowledgements.covering(self.ids[row], named) is not None
        if named.state is AlarmState.ACKNOWLEDGED and not is_seen:
            self.rows.store(row, replace(named, state=AlarmState.UNACKNOWLEDGED))
            self.rows.acked_by.pop(row, None)
        if is_seen or not self.annunciation.is_sounding(row):
            self._settle(row, now_us)

    def begin_again(self, row: int, start_us: int, now_us: int) -> None:
        """What was taken for a part of an older occurrence is one by itself: it is annunciated now."""
        alarm = self.rows.load(row)
        self.log.put(row, alarm, (Transition.SUPERSEDED,), alarm.changed_us, now_us)
        self.rows.acked_by.pop(row, None)
        begun = replace(
            alarm, state=AlarmState.UNACKNOWLEDGED, start_us=start_us, annunciated_us=start_us, changed_us=start_us
        )
        self.rows.store(row, begun)
        self.log.put(row, begun, (Transition.RAISED,), start_us, now_us)
        self.tell_begun(row, now_us)
        self._sound(row, Step(begun, annunciate=True), now_us)

    def _settle(self, row: int, now_us: int) -> None:
        """What was announced elsewhere is acknowledged when somebody has seen it, else listed in silence."""
        alarm = self.rows.load(row)
        covering = self.acknowledgements.covering(self.ids[row], alarm)
        if covering is not None:
            self._acknowledge_row(row, covering, now_us)
        elif alarm.state is AlarmState.UNACKNOWLEDGED:
            self.list_silently(row)

    def acknowledge(self, condition_id: UUID, interval: AckInterval, now_us: int) -> bool:
        """Apply a fact; True when something changed. Never refused, idempotent, may come before its alarm."""
        self.is_set_back(now_us)  # so far the clock has come when somebody acted
        row = self._row_of.get(condition_id)
        if not self.acknowledgements.add(condition_id, interval) or row is None:
            return False
        changed = False
        for older, by in self.acknowledgements.take_covered(row, condition_id):
            logs = (Transition.ACKNOWLEDGED, Transition.CLOSED)
            self.log.put(row, older, logs, now_us, now_us, by.who)
            changed = True
        covering = self.acknowledgements.covering(condition_id, self.rows.load(row))
        if covering is None:
            return changed
        return self._acknowledge_row(row, covering, now_us) or self._name_first(row, covering) or changed

    def take_back(self, condition_id: UUID, act: TakenBack, who: str, now_us: int) -> bool:
        """Apply an un-acknowledgement; True when an alarm waits for acknowledgement again. Silent."""
        row = self._row_of.get(condition_id)
        before = self.rows.load(row) if row is not None else Alarm()
        had = self.acknowledgements.covering(condition_id, before)
        over = self.behind.over(row) if row is not None else None
        closed = over is not None and self.acknowledgements.covering(condition_id, over) is not None
        if not self.acknowledgements.take_back(condition_id, act) or row is None or not before.start_us:
            return False
        if over is not None and closed and self.acknowledgements.covering(condition_id, over) is None:
            return self._come_back(row, over, who, now_us)
        covering = self.acknowledgements.covering(condition_id, before)
        if covering is not None:  # somebody else's stands
            return self._name_first(row, covering)
        return self._withdraw(row, before, who, now_us, was_closed_by_it=had is not None)

    def _come_back(self, row: int, over: Alarm, who: str, now_us: int) -> bool:
        """The newest occurrence is not acknowledged after all: it waits again, before the older ones."""
        older = self.rows.load(row)
        if older.state is not AlarmState.NORMAL:
            self.behind.push(row, older, now_us)
        self.behind.forget_over(row)
        self.rows.store(row, over)
        for watcher in self.watchers:
            watcher.taken_over(row, now_us)
        return self._withdraw(row, over, who, now_us, was_closed_by_it=True)

    def recheck(self, condition_id: UUID, now_us: int) -> bool:
        """The acknowledgements were made anew: an alarm that none of them covers waits again. True when it does."""
        row = self._row_of.get(condition_id)
        if row is None or not self.rows.start_us[row]:
            return False
        alarm = self.rows.load(row)
        if self.acknowledgements.covering(condition_id, alarm) is not None:
            return False
        return self._withdraw(row, alarm, "", now_us, was_closed_by_it=False)

    def _withdraw(self, row: int, before: Alarm, who: str, now_us: int, *, was_closed_by_it: bool) -> bool:
        """No acknowledgement covers the occurrence any more."""
        at_us = self.acknowledgements.annunciated_us(self.ids[row], before)
        result = step(before, Trigger(Event.UNACKNOWLEDGE, at_us))
        alarm = result.alarm
        if before.state is AlarmState.NORMAL and before.returned_us and was_closed_by_it:
            latches = before.returning is Returning.LATCHING
            state = AlarmState.LATCHED_UNACKNOWLEDGED if latches else AlarmState.RETURNED_UNACKNOWLEDGED
            alarm = replace(before, state=state, annunciated_us=at_us, changed_us=at_us)
        elif not result.logs:
            return False
        self.rows.store(row, alarm)
        self.rows.acked_by.pop(row, None)
        self.log.put(row, alarm, (Transition.UNACKNOWLEDGED,), at_us, now_us, who)
        return True

    def _sound(self, row: int, result: Step, now_us: int) -> None:
        if not result.annunciate:
            if result.alarm.state is not AlarmState.UNACKNOWLEDGED:
                self.annunciation.end(row)
            return
        covering = self.acknowledgements.covering(self.ids[row], result.alarm)
        if covering is not None:  # somebody has already seen it: the fact was faster than the samples
            self._acknowledge_row(row, covering, now_us)
        elif self.rows.is_hidden(row):
            self.annunciation.end(row)
        else:
            severity = result.alarm.severity
            for watcher in self.watchers:
                watcher.annunciated(row, now_us)
            self.annunciation.annunciate(row, self.rows.priority_of(row, severity), now_us)

    def _name_first(self, row: int, first: Acknowledgement) -> bool:
        """Of several acknowledgements the first given is shown, whichever arrived first (pitfall P21)."""
        if row not in self.rows.acked_by or self.rows.acked_by[row] == first.who:
            return False
        self.rows.acked_by[row] = first.who
        self.rows.mark(row)
        return True

    def _acknowledge_row(self, row: int, acknowledgement: Acknowledgement, now_us: int) -> bool:
        before = self.rows.load(row)
        result = step(before, Trigger(Event.ACKNOWLEDGE, now_us, acknowledgement=acknowledgement))
        if not result.logs:
            return False
        self.rows.store(row, result.alarm)
        self.rows.acked_by[row] = acknowledgement.who
        if acknowledgement.comment:
            self.rows.notes[row] = acknowledgement.comment
        self.annunciation.end(row)
        self.log.put(row, result.alarm, result.logs, now_us, now_us, acknowledgement.who)
        if not self.settle_latch(row, now_us):
            self.free(row, now_us)
        return True


def _annunciated_us(alarm: Alarm, older: OlderElsewhere) -> int:
    """As everywhere, unless it is worse here than it was there: nobody was told of that yet."""
    if alarm.worst <= older.worst:
        return older.annunciated_us
    return max(alarm.annunciated_us, older.annunciated_us)


def _as_part_of(result: Step, older: OlderElsewhere) -> Step:
    alarm = replace(result.alarm, start_us=older.start_us, annunciated_us=_annunciated_us(result.alarm, older))
    return replace(result, alarm=alarm, annunciate=alarm.worst > older.worst)
