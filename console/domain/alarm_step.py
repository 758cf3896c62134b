"""How one alarm moves: the pure step over a transition table, without I/O and without a clock.

States A to F are those of `AlarmState` (OPC UA Part 9 regions ActiveState x AckedState x ConfirmedState, read as
normal, unacknowledged, acknowledged, returned-unacknowledged, latched-unacknowledged, latched-acknowledged). Region 1
keeps running under any later flag (shelved, suppressed, out of service): those flags change annunciation only.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from console.domain.alarms import ACTIVE_STATES, UNACKNOWLEDGED_STATES, AlarmState


class Event(StrEnum):
    """What can happen to an alarm; one row of the table each."""

    CONDITION_TRUE = "condition_true"  # after the on-delay
    CONDITION_FALSE = "condition_false"  # after the off-delay
    CONDITION_FALSE_LATCHING = "condition_false_latching"
    CONDITION_FALSE_CLOSING = "condition_false_closing"  # journal-only alarms: the return closes
    ACKNOWLEDGE = "acknowledge"  # covers the occurrence on screen
    ACKNOWLEDGE_OLDER = "acknowledge_older"  # covers only what came before it
    UNACKNOWLEDGE = "unacknowledge"
    RESET = "reset"
    SEVERITY_UP = "severity_up"
    SEVERITY_DOWN = "severity_down"
    REALARM = "realarm"  # re-alarm timer
    RELIST = "relist"  # back in the list after a shelf, a suppression or out-of-service that hid it
    DISMISS = "dismiss"  # it began and ended while a rule suppressed it: the journal has it, the list does not
    QUALITY_BAD = "quality_bad"
    RETIRED = "retired"  # the rule or the source left the configuration


class Transition(StrEnum):
    """What `alarm_log` calls a change. The words are stable for ever."""

    RAISED = "raised"
    SEVERITY_UP = "severity_up"
    SEVERITY_DOWN = "severity_down"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    REANNUNCIATED = "reannunciated"
    CLOSED = "closed"  # returned and acknowledged (and reset, when it latches)
    RETIRED = "retired"
    SUPERSEDED = "superseded"  # never acknowledged, and too many newer occurrences to keep it in reach
    REALARMED = "realarmed"  # acknowledged and still active after the time of its class: unacknowledged again
    # What follows is about the condition, not about an occurrence: logged with `start_us` 0 (see `flag_log`).
    SHELVED = "shelved"
    UNSHELVED = "unshelved"  # by hand: what was acknowledged stays so
    SHELF_EXPIRED = "shelf_expired"  # by time: what is active is annunciated
    SHELF_RETURNED = "shelf_returned"  # a one-shot shelf ended with the return to normal, silently
    OUT_OF_SERVICE = "out_of_service"
    RETURNED_TO_SERVICE = "returned_to_service"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    MASKED = "masked"
    UNMASKED = "unmasked"
    TAKEN = "taken"
    LEFT = "left"
    ESCALATED = "escalated"  # nobody acknowledged it in the time of its class
    ESCALATION_ENDED = "escalation_ended"  # acknowledged or returned after that


class Returning(StrEnum):
    """What a return does to this alarm; a property of its rule."""

    PLAIN = "plain"
    LATCHING = "latching"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One interval of a condition's time that somebody has seen: [start_us, seen_through_us], source time."""

    start_us: int
    seen_through_us: int
    who: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Region 1 of one condition and its occurrence. Severities here count outwards from zero: 1 = H or L, 2 = HH or LL.

    `annunciated_us` is the newest of start, severity rise, un-acknowledgement and re-annunciation; `worst` the highest
    severity since the last acknowledgement; `returned_us` the end of the condition, 0 while it holds.
    """

    state: AlarmState = AlarmState.NORMAL
    start_us: int = 0
    annunciated_us: int = 0
    changed_us: int = 0
    returned_us: int = 0
    severity: int = 0
    worst: int = 0
    uncertain: bool = False
    returning: Returning = Returning.PLAIN


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event. `at_us` in source time; `start_us` names the occurrence that begins (default `at_us`).

    `annunciated_us` differs from the start only where the start lies in the past: a node's death begins with the
    birth that it ends, but nobody can have seen it before it was noticed.
    """

    event: Event
    at_us: int = 0
    severity: int = 0
    start_us: int | None = None
    annunciated_us: int | None = None
    acknowledgement: Acknowledgement | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One cell of the table: the state after, what is logged, whether it sounds, or why it is refused."""

    to: AlarmState | None = None  # None: the state stays
    logs: tuple[Transition, ...] = ()
    sounds: bool = False
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Result of `step`. `superseded` is the unacknowledged occurrence that a new one pushed off the row."""

    alarm: Alarm
    logs: tuple[Transition, ...] = ()
    annunciate: bool = False
    refused: str = ""
    superseded: Alarm | None = None


NOTHING_TO_ACKNOWLEDGE = "There is nothing to acknowledge."
ALREADY_ACKNOWLEDGED = "It is already acknowledged."
NO_LONGER_CURRENT = "It is no longer the alarm on screen: its state changed."
NOT_ACKNOWLEDGED = "It is not acknowledged."
STILL_ACTIVE = "It is still active."
ACKNOWLEDGE_FIRST = "Acknowledge it first."
NOTHING_TO_RESET = "There is nothing to reset."

_A, _B, _C, _D, _E, _F = AlarmState
_T = Transition
_STAY = Outcome()
_NEW = Outcome(_B, (_T.RAISED,), sounds=True)
_RETURN_AND_CLOSE = Outcome(_A, (_T.RETURNED, _T.CLOSED))
_ACKNOWLEDGE_AND_CLOSE = Outcome(_A, (_T.ACKNOWLEDGED, _T.CLOSED))
_LOUDER = Outcome(_B, (_T.SEVERITY_UP,), sounds=True)
_SOFTER = Outcome(None, (_T.SEVERITY_DOWN,))
_GONE = Outcome(_A, (_T.RETIRED,))
_AGAIN = Outcome(_B, (_T.REANNUNCIATED,), sounds=True)


def _refuse(text: str) -> Outcome:
    return Outcome(refused=text)


# fmt: off
TABLE: dict[Event, tuple[Outcome, Outcome, Outcome, Outcome, Outcome, Outcome]] = {
    #                                A normal  B unack  C acked  D returned-unack  E latched-unack  F latched-acked
    Event.CONDITION_TRUE: (_NEW, _STAY, _STAY, _NEW, _NEW, _NEW),
    Event.CONDITION_FALSE: (_STAY, Outcome(_D, (_T.RETURNED,)), _RETURN_AND_CLOSE, _STAY, _STAY, _STAY),
    Event.CONDITION_FALSE_LATCHING: (
        _STAY, Outcome(_E, (_T.RETURNED,)), Outcome(_F, (_T.RETURNED,)), _STAY, _STAY, _STAY),
    Event.CONDITION_FALSE_CLOSING: (_STAY, _RETURN_AND_CLOSE, _RETURN_AND_CLOSE, _STAY, _STAY, _STAY),
    Event.ACKNOWLEDGE: (
        _refuse(NOTHING_TO_ACKNOWLEDGE), Outcome(_C, (_T.ACKNOWLEDGED,)), _refuse(ALREADY_ACKNOWLEDGED),
        _ACKNOWLEDGE_AND_CLOSE, Outcome(_F, (_T.ACKNOWLEDGED,)), _refuse(ALREADY_ACKNOWLEDGED)),
    Event.ACKNOWLEDGE_OLDER: (_refuse(NO_LONGER_CURRENT), _STAY, _STAY, _STAY, _STAY, _STAY),
    Event.UNACKNOWLEDGE: (
        _refuse(NOT_ACKNOWLEDGED), _STAY, Outcome(_B, (_T.UNACKNOWLEDGED,)), _STAY, _STAY,
        Outcome(_E, (_T.UNACKNOWLEDGED,))),
    Event.RESET: (
        _refuse(NOTHING_TO_RESET), _refuse(STILL_ACTIVE), _refuse(STILL_ACTIVE), _STAY, _refuse(ACKNOWLEDGE_FIRST),
        Outcome(_A, (_T.CLOSED,))),
    Event.SEVERITY_UP: (_STAY, _LOUDER, _LOUDER, _STAY, _STAY, _STAY),
    Event.SEVERITY_DOWN: (_STAY, _SOFTER, _SOFTER, _STAY, _STAY, _STAY),
    Event.REALARM: (_STAY, _STAY, Outcome(_B, (_T.REALARMED,), sounds=True), _STAY, _STAY, _STAY),
    Event.RELIST: (_STAY, _AGAIN, _AGAIN, _STAY, _STAY, _STAY),
    Event.DISMISS: (_STAY, _STAY, _STAY, Outcome(_A, (_T.CLOSED,)), _STAY, _STAY),
    Event.QUALITY_BAD: (_STAY, _STAY, _STAY, _STAY, _STAY, _STAY),
    Event.RETIRED: (_STAY, _GONE, _GONE, _GONE, _GONE, _GONE),
}
# fmt: on

_ANNUNCIATING = frozenset({Event.UNACKNOWLEDGE, Event.REALARM, Event.RELIST})
_RETURNS = {
    Returning.PLAIN: Event.CONDITION_FALSE,
    Returning.LATCHING: Event.CONDITION_FALSE_LATCHING,
    Returning.CLOSING: Event.CONDITION_FALSE_CLOSING,
}


def covers(acknowledgement: Acknowledgement, alarm: Alarm) -> bool:
    """True when the interval overlaps the occurrence and reaches its newest annunciation."""
    if acknowledgement.seen_through_us < alarm.annunciated_us:
        return False
    return not alarm.returned_us or acknowledgement.start_us <= alarm.returned_us


def step(alarm: Alarm, trigger: Trigger) -> Step:
    """The alarm after the trigger, what to log and whether to sound. Never raises; a refusal changes nothing."""
    event = trigger.event
    if event is Event.CONDITION_FALSE:
        event = _RETURNS[alarm.returning]
    elif event is Event.ACKNOWLEDGE and alarm.state is not AlarmState.NORMAL:
        acknowledgement = trigger.acknowledgement
        if acknowledgement is None or not covers(acknowledgement, alarm):
            event = Event.ACKNOWLEDGE_OLDER
    outcome = TABLE[event][alarm.state]
    if outcome.refused:
        return Step(alarm, refused=outcome.refused)
    if event is Event.CONDITION_TRUE and outcome.to is not None:
        superseded = alarm if alarm.state in UNACKNOWLEDGED_STATES else None
        return Step(_begin(alarm, trigger), outcome.logs, outcome.sounds, superseded=superseded)
    if event is Event.QUALITY_BAD:
        held = alarm.state in ACTIVE_STATES and not alarm.uncertain
        return Step(replace(alarm, uncertain=True) if held else alarm)
    if outcome is _STAY:
        return Step(alarm)
    return Step(_move(alarm, trigger, event, outcome), outcome.logs, outcome.sounds)


def _begin(alarm: Alarm, trigger: Trigger) -> Alarm:
    start_us = trigger.at_us if trigger.start_us is None else trigger.start_us
    annunciated_us = start_us if trigger.annunciated_us is None else max(start_us, trigger.annunciated_us)
    severity = trigger.severity or 1
    return Alarm(
        AlarmState.UNACKNOWLEDGED,
        start_us,
        annunciated_us,
        annunciated_us,
        0,
        severity,
        severity,
        False,
        alarm.returning,
    )


def _move(alarm: Alarm, trigger: Trigger, event: Event, outcome: Outcome) -> Alarm:
    state = alarm.state if outcome.to is None else outcome.to
    severity, worst, annunciated_us, returned_us = alarm.severity, alarm.worst, alarm.annunciated_us, alarm.returned_us
    if event in (Event.SEVERITY_UP, Event.SEVERITY_DOWN):
        severity = trigger.severity
        # who has acknowledged knows the worst; until then it is kept beside the present severity
        worst = severity if alarm.state is AlarmState.ACKNOWLEDGED else max(worst, severity)
    elif event is Event.ACKNOWLEDGE and state is AlarmState.ACKNOWLEDGED:
        worst = severity
    if event is Event.SEVERITY_UP:  # whoever saw the milder one has not seen this, whatever the node's clock says
        annunciated_us = max(annunciated_us + 1, trigger.at_us)
    elif event in _ANNUNCIATING:
        annunciated_us = max(annunciated_us, trigger.at_us)
    if Transition.RETURNED in outcome.logs:
        returned_us, severity = max(trigger.at_us, alarm.start_us), 0
    return Alarm(
        state,
        alarm.start_us,
        annunciated_us,
        trigger.at_us,
        returned_us,
        severity,
        worst,
        alarm.uncertain,
        alarm.returning,
    )
