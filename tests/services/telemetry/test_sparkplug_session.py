"""Stories of edge nodes: births, deaths, gaps and rebirths as a process engineer sees them."""

import math

import pytest

from console.domain.quality import Detail, Quality
from console.services.telemetry.batch import FLAG_BIRTH, FLAG_HISTORICAL, FLAG_TRANSIENT
from tests.services.telemetry.rig import Rig, column
from tests.support.edge import M

GOOD = (Quality.GOOD, Detail.NONE)
TEMP = M("temp", 20.0, 10, alias=1, unit="°C")


def born(*metrics: M) -> Rig:
    rig = Rig()
    rig.birth(*(metrics or (TEMP,)))
    return rig


def test_a_plant_never_seen_before_appears_by_its_birth() -> None:
    rig = born()
    tag = rig.store.tag(rig.handle("temp"))
    assert (tag.unit, tag.source.path()) == ("°C", "plant/g/n1/temp")
    assert rig.value("temp") == 20.0
    assert rig.quality("temp") == GOOD
    assert rig.node().state == "online"
    assert rig.node().metrics == 1
    assert column(rig, "flags").tolist() == [FLAG_BIRTH]


def test_protocol_metrics_are_not_shown_as_tags() -> None:
    rig = born()
    assert {tag.source.metric for tag in rig.store.tags()} == {"temp"}
    rig.send("NDATA", [M("Node Control/Rebirth", False, 11)])
    assert not rig.troubles


def test_data_by_alias_updates_the_value_and_keeps_both_times() -> None:
    rig = born()
    rig.now_us += 3_000_000
    rig.send("NDATA", [M(alias=1, value=21.5, type=0, ms=rig.now_us // 1000 - 40)])
    handle = rig.handle("temp")
    assert rig.value("temp") == 21.5
    assert rig.store.source_us[handle] == rig.now_us - 40_000
    assert rig.store.receive_us[handle] == rig.now_us


def test_data_by_name_works_as_well_as_by_alias() -> None:
    rig = born(TEMP, M("speed", 5, 3))
    rig.send("NDATA", [M("speed", -7, 0, wire_type=3), M("temp", 22.0, 0, alias=1)])
    assert (rig.value("speed"), rig.value("temp")) == (-7.0, 22.0)


def test_alias_zero_and_metrics_without_alias_are_told_apart() -> None:
    rig = born(M("a", 1.0, alias=0), M("b", 2.0))
    rig.send("NDATA", [M("b", 3.0, 0), M(alias=0, value=4.0, type=0)])
    assert (rig.value("a"), rig.value("b")) == (4.0, 3.0)


def test_a_node_death_makes_its_tags_stale_and_a_second_one_is_no_event() -> None:
    rig = born()
    rig.send("DBIRTH", [M("level", 3.0, alias=2)], device="tank")
    rig.send("NDEATH", [M("bdSeq", 0, 4)])
    assert rig.quality("temp") == (Quality.STALE, Detail.NODE_DEAD)
    assert rig.quality("level", "tank") == (Quality.STALE, Detail.DEVICE_DEAD)
    assert rig.value("temp") == 20.0
    count = len(rig.follower.sessions)
    rig.send("NDEATH", [M("bdSeq", 0, 4)])
    assert len(rig.follower.sessions) == count


def test_the_late_will_of_an_older_connection_is_ignored() -> None:
    rig = Rig()
    rig.birth(TEMP, bd_seq=5)
    rig.send("NDEATH", [M("bdSeq", 4, 4)])
    assert rig.node().state == "online"
    assert rig.quality("temp") == GOOD


def test_a_device_death_concerns_only_its_device_at_its_own_time() -> None:
    rig = born()
    rig.send("DBIRTH", [M("level", 3.0, alias=2)], device="tank")
    rig.send("DDEATH", device="tank")
    assert rig.quality("level", "tank") == (Quality.STALE, Detail.DEVICE_DEAD)
    assert rig.quality("temp") == GOOD
    assert rig.follower.sessions[-1].at_us == rig.now_us
    rig.send("DDATA", [M(alias=2, value=4.0, type=0)], device="tank")
    assert "device_without_birth" in rig.kinds()


def test_a_rebirth_drops_what_it_no_longer_names() -> None:
    rig = born(TEMP, M("gone", 1.0, alias=2))
    rig.birth(M("temp", 25.0, alias=2))
    assert rig.quality("gone") == (Quality.STALE, Detail.AWAITS_BIRTH)
    assert rig.quality("temp") == GOOD
    rig.send("NDATA", [M(alias=2, value=26.0, type=0)])
    assert rig.value("temp") == 26.0
    assert rig.node().births == 2


def test_devices_keep_their_trust_for_a_moment_over_a_rebirth_and_lose_it_when_they_do_not_return() -> None:
    rig = born()
    rig.send("DBIRTH", [M("level", 3.0, alias=2)], device="tank")
    rig.birth(TEMP)
    assert rig.quality("level", "tank") == GOOD
    rig.pass_time(6)
    assert rig.quality("level", "tank") == (Quality.STALE, Detail.AWAITS_BIRTH)


def test_devices_of_an_old_session_are_stale_at_once_after_a_new_one() -> None:
    rig = born()
    rig.send("DBIRTH", [M("level", 3.0, alias=2)], device="tank")
    rig.birth(TEMP, bd_seq=1)
    assert rig.quality("level", "tank") == (Quality.STALE, Detail.AWAITS_BIRTH)
    rig.send("DBIRTH", [M("level", 4.0, alias=2)], device="tank")
    assert rig.quality("level", "tank") == GOOD


def test_data_before_any_birth_is_counted_and_the_node_is_asked_once() -> None:
    rig = Rig()
    for _ in range(5):
        rig.send("NDATA", [M(alias=1, value=1.0, type=0)])
    assert rig.troubles["plant/g/n1", "data_before_birth"].count == 5
    rig.pass_time(1)
    assert rig.asked == [("g", "n1")]


def test_a_birth_in_time_spares_the_rebirth_request_after_our_own_loss() -> None:
    rig = born()
    rig.link("lost")
    assert rig.quality("temp") == (Quality.BLIND, Detail.LINK_DOWN)
    assert rig.node().state == "blind"
    rig.link("live")
    assert rig.quality("temp") == (Quality.STALE, Detail.AWAITS_BIRTH)
    rig.birth(TEMP)
    assert rig.quality("temp") == GOOD
    rig.pass_time(10)
    assert rig.asked == []


def test_a_quiet_node_is_asked_for_its_birth_after_our_own_loss() -> None:
    rig = born()
    rig.link("lost")
    rig.pass_time(3)
    rig.link("live")
    rig.pass_time(3)
    assert rig.asked == [("g", "n1")]


def test_a_missing_message_that_comes_in_time_needs_no_rebirth() -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=1.0, type=0)], seq=1)
    rig.send("NDATA", [M(alias=1, value=3.0, type=0)], seq=3)
    assert rig.value("temp") == 1.0
    rig.pass_time(1)
    rig.send("NDATA", [M(alias=1, value=2.0, type=0)], seq=2, late_s=1.0)
    assert rig.value("temp") == 3.0
    assert column(rig, "value").tolist() == [20.0, 1.0, 2.0, 3.0]
    rig.pass_time(4)
    assert rig.asked == []
    assert "seq_gap" not in rig.kinds()


def test_a_lost_message_is_a_gap_after_two_seconds_and_the_rest_is_not_lost() -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=3.0, type=0)], seq=2)
    rig.pass_time(1.5)
    assert rig.asked == []
    rig.pass_time(1)
    assert rig.asked == [("g", "n1")]
    assert rig.value("temp") == 3.0
    assert rig.troubles["plant/g/n1", "seq_gap"].count == 1
    rig.pass_time(6)
    assert rig.node().seq_gaps == 1


def test_births_and_deaths_of_devices_swapped_on_the_way_end_in_the_right_state() -> None:
    rig = born()
    rig.send("DDEATH", device="tank", seq=2)
    rig.send("DBIRTH", [M("level", 3.0, alias=2)], device="tank", seq=1)
    assert rig.quality("level", "tank") == (Quality.STALE, Detail.DEVICE_DEAD)


def test_an_unknown_alias_is_counted_and_asks_for_a_rebirth_while_the_rest_is_used() -> None:
    rig = born()
    rig.send("NDATA", [M(alias=99, value=1.0, type=0), M(alias=1, value=5.0, type=0)])
    assert rig.value("temp") == 5.0
    assert rig.troubles["plant/g/n1", "unknown_alias"].example == "99"
    rig.pass_time(1)
    assert rig.asked == [("g", "n1")]


def test_no_rebirth_is_asked_where_it_is_switched_off() -> None:
    rig = Rig(enabled=False)
    rig.send("NDATA", [M(alias=1, value=1.0, type=0)])
    rig.pass_time(5)
    assert rig.asked == []


def test_null_is_no_zero() -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=None, type=0)])
    assert math.isnan(rig.value("temp"))
    assert rig.quality("temp") == (Quality.BAD, Detail.NULL)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_bad(number: float) -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=number, type=0)])
    assert rig.quality("temp") == (Quality.BAD, Detail.NOT_FINITE)
    assert math.isnan(rig.value("temp"))
    rig.send("NDATA", [M(alias=1, value=1.0, type=0)])
    assert rig.quality("temp") == GOOD
    assert rig.text("temp") == ""


def test_historical_values_fill_history_and_never_the_present() -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=99.0, type=0, ms=rig.now_us // 1000 - 10**8, historical=True)])
    assert rig.value("temp") == 20.0
    assert column(rig, "flags").tolist() == [FLAG_BIRTH, FLAG_HISTORICAL]
    assert column(rig, "value").tolist() == [20.0, 99.0]


def test_transient_values_are_flagged_for_the_historian() -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=2.0, type=0, transient=True)])
    assert rig.value("temp") == 2.0
    assert column(rig, "flags")[-1] == FLAG_TRANSIENT


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (192, GOOD),
        (0, (Quality.BAD, Detail.REPORTED)),
        (500, (Quality.STALE, Detail.REPORTED)),
        (64, (Quality.UNCERTAIN, Detail.REPORTED)),
    ],
)
def test_the_quality_that_the_sender_gives_is_shown(code: int, expected: tuple[Quality, Detail]) -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=2.0, type=0, quality=code)])
    assert rig.quality("temp") == expected


@pytest.mark.parametrize("ms", [0, 1, 4_070_908_800_000])  # 1970 and 2099
def test_a_wrong_clock_is_said_and_the_value_shown_at_its_receive_time(ms: int) -> None:
    rig = born()
    rig.now_us += 1_000_000
    rig.raw("spBv1.0/g/NDATA/n1", _stamped(ms))
    handle = rig.handle("temp")
    assert rig.quality("temp") == (Quality.GOOD, Detail.BAD_CLOCK)
    assert rig.store.source_us[handle] == rig.now_us
    rig.pass_time(6)
    assert rig.node().skew_s == pytest.approx(ms / 1e3 - (rig.now_us - 6e6) / 1e6)


def _stamped(ms: int) -> bytes:
    from tests.support.edge import payload

    return payload([M(alias=1, value=7.0, type=0, ms=ms)], seq=1, ms=ms)


def test_duplicate_names_and_aliases_in_a_birth_keep_the_first() -> None:
    rig = born(M("a", 1.0, alias=1), M("a", 2.0, alias=2), M("b", 3.0, alias=1))
    assert rig.value("a") == 1.0
    assert rig.kinds() == {"duplicate_name", "duplicate_alias"}
    rig.send("NDATA", [M("b", 4.0, 0), M(alias=1, value=5.0, type=0)])
    assert (rig.value("a"), rig.value("b")) == (5.0, 4.0)


def test_ten_thousand_metrics_in_one_birth_are_taken_and_more_are_refused_with_a_count() -> None:
    rig = Rig()
    rig.birth(*[M(f"m{i}", float(i), alias=i + 1) for i in range(10_000)])
    assert rig.store.size == 10_000
    rig.birth(*[M(f"x{i}", float(i), alias=i + 1) for i in range(10_010)], node="n2")
    assert rig.store.size == 10_000
    assert rig.troubles["plant/g/n2", "too_many_metrics"].example == "10012"


@pytest.mark.parametrize("name", ["a/b\\c#<d>&\"e'", "x" * 300, "\u202egnp.exe", "مضخة", "<b>bold</b>", "a\x00b"])
def test_odd_names_are_kept_as_they_are_and_counted(name: str) -> None:
    rig = born(M(name, 1.0, alias=1))
    assert rig.store.tag(0).source.metric == name
    assert rig.kinds() == {"odd_name"}


def test_the_same_device_name_under_two_nodes_is_two_devices() -> None:
    rig = born()
    rig.send("DBIRTH", [M("level", 1.0, alias=2)], device="tank")
    rig.birth(TEMP, node="n2")
    rig.send("DBIRTH", [M("level", 2.0, alias=2)], device="tank", node="n2")
    levels = [t.tag_id for t in rig.store.tags() if t.source.metric == "level"]
    assert len(set(levels)) == 2


def test_a_node_that_counts_seq_wrongly_is_shown_nevertheless() -> None:
    rig = born()
    for value in (1.0, 2.0, 3.0):
        rig.send("NDATA", [M(alias=1, value=value, type=0)], seq=0)
        rig.pass_time(3)
    assert rig.value("temp") == 3.0
    assert {"seq_gap", "late_message"} & rig.kinds()


def test_an_exact_repetition_of_a_message_is_dropped_and_counted() -> None:
    rig = born()
    rig.send("NDATA", [M(alias=1, value=3.0, type=0)], seq=1)
    rig.send("NDATA", [M(alias=1, value=3.0, type=0)], seq=1)
    rig.send("NDATA", [M(alias=1, value=4.0, type=0)], seq=2)
    assert rig.troubles["plant/g/n1", "duplicate_message"].count == 1
    assert column(rig, "value").tolist() == [20.0, 3.0, 4.0]
