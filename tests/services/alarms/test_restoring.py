"""Open alarms of the last run, restored together: nothing differs from restoring them one by one."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.alarm_classes import AlarmClass, AlarmSettings
from console.domain.alarms import AlarmKind, AlarmRule, Priority
from console.services.alarms import restoring
from console.services.alarms.transitions import OpenOccurrence
from tests.support.alarm_plant import Plant, condition_of, us

RULES = (
    AlarmRule("hot", "*/Temp", AlarmKind.LIMIT, hh=95.0, h=90.0, l=5.0, priority=Priority.HIGH, text="Too hot"),
    AlarmRule("trip", "*/Temp", AlarmKind.LIMIT, h=93.0, alarm_class="trip", response="Stop the press"),
)
TRIP = AlarmClass("trip", "Trips", is_latching=True, needs_comment=True, needs_signature=True, is_shelvable=False)
SETTINGS = AlarmSettings({"trip": TRIP})


@st.composite
def left_open(draw: st.DrawFn) -> OpenOccurrence:
    start = draw(st.integers(0, 40))
    is_gone = draw(st.integers(0, 3)) == 0
    return OpenOccurrence(
        UUID(int=draw(st.integers(1, 5))),
        us(start),
        us(start + draw(st.integers(0, 5))),
        us(start + 6),
        us(start + 6) if is_gone else 0,
        draw(st.integers(-2, 2)),
        draw(st.integers(0, 2)),
        draw(st.sampled_from([Priority.CRITICAL, Priority.LOW, Priority.JOURNAL])),
        draw(st.sampled_from([None, 97.5])),
        "Too hot",
        "plant/Line/PLC1/Press/Temp",
        draw(st.sampled_from([AlarmKind.LIMIT, AlarmKind.SYSTEM])),
        draw(st.sampled_from(["hot", "trip", "gone"])),
        draw(st.sampled_from(["high", "low"])),
        counted={
            "raised": 1,
            **({"returned": 1} if is_gone else {}),
            **draw(st.sampled_from([{}, {"severity_up": 2}])),
        },
        is_realarmed=draw(st.integers(0, 4)) == 0,
        began_under=0,
    )


def outcome(found: list[OpenOccurrence], acknowledged: list[tuple[int, int]]) -> list[object]:
    plant = Plant(*RULES)
    plant.engine.settings = SETTINGS
    for number, through in acknowledged:
        for one in found:
            if one.condition_id == UUID(int=number):
                plant.acknowledged(one.condition_id, one.start_us, us(through), "Eva")
    plant.engine.restore(found, us(100))
    delta = plant.engine.take_delta()
    columns = [] if delta is None else [getattr(delta, name) for name in delta.__slots__]
    shown = [one.tolist() if isinstance(one, np.ndarray) else one for one in columns]
    log = plant.engine.take_transitions()
    plant.pass_time(101)
    return [
        str(shown),
        log,
        plant.engine.counts(),
        plant.engine.annunciation.snapshot(),
        plant.engine.take_transitions(),
    ]


@pytest.mark.proves("INV-22", "ALARM-F14")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(left_open(), max_size=6, unique_by=lambda one: (one.condition_id, one.start_us)),
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 60)), max_size=2),
)
def test_alarms_restored_together_are_what_they_are_restored_one_by_one(
    found: list[OpenOccurrence], acknowledged: list[tuple[int, int]]
) -> None:
    together = outcome(found, acknowledged)
    with pytest.MonkeyPatch.context() as one_by_one:
        one_by_one.setattr(restoring, "_is_plain", lambda *_: False)
        assert outcome(found, acknowledged) == together


def open_alarm(plant: Plant, rule_id: str) -> OpenOccurrence:
    tag = plant.tag()
    return OpenOccurrence(
        condition_of(tag, rule_id, "high"), us(10), us(10), us(10), 0, 2, 2, Priority.HIGH, 97.0, "Too hot",
        tag.source.path(), AlarmKind.LIMIT, rule_id, "high", counted={"raised": 1},
    )  # fmt: skip


@pytest.mark.proves("ALARM-F14")
def test_what_acknowledging_asks_for_holds_before_the_tags_are_back() -> None:
    plant = Plant(*RULES)
    plant.engine.settings = SETTINGS
    one = open_alarm(Plant(*RULES), "trip")
    plant.engine.restore([one], us(100))
    assert plant.engine.needs_comment(one.condition_id)
    assert plant.engine.needs_signature(one.condition_id)
    condition = plant.engine.condition(one.condition_id)
    assert condition is not None
    assert (condition.alarm_class, condition.response, condition.is_shelvable) == ("trip", "Stop the press", False)


@pytest.mark.proves("ALARM-F14", "P24")
def test_who_acknowledges_before_the_tag_is_back_has_seen_what_the_log_told_and_nothing_later() -> None:
    """Its node may have sent while this station was away, by a clock of its own."""
    plant = Plant(*RULES)
    one = open_alarm(Plant(*RULES), "hot")
    plant.engine.restore([one], us(100))
    occurrence = plant.engine.open_occurrence(one.condition_id)
    assert occurrence is not None
    assert plant.engine.seen_through_us(occurrence, us(100)) == us(10)
