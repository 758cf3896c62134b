"""A small plant in the station's own records, for the frame: one dead switch, a hot robot, an incident, its people."""

from uuid import UUID, uuid5

import numpy as np

from console.domain.alarms import AlarmKind, Condition
from console.domain.assets import Asset, AssetClass, Link, LinkKind
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services import records as r
from console.services import station as s
from tests.support.fake_station import FakeStation

SITE = UUID("0190b6f0-0000-7000-8000-000000000001")
NOW_US = 1_795_300_867_000_000  # 21 Nov 2026, 22:41:07 UTC
MINUTE = 60_000_000


def asset_id(name: str) -> UUID:
    return uuid5(SITE, name)


ASSETS = (
    Asset(asset_id("Assembly"), "Assembly", AssetClass.LINE, 4, "Assembly"),
    Asset(asset_id("Cell 4"), "Cell 4", AssetClass.CELL, 1, "Assembly", asset_id("Assembly")),
    Asset(
        asset_id("SW-CORE-1"),
        "SW-CORE-1",
        AssetClass.SWITCH,
        2.5,
        "Assembly",
        asset_id("Cell 4"),
        "plant/Assembly/SW-CORE-1",
        description="rack switch, firmware 6.4",
        procedure="1  Check power on cabinet C-11 (UPS-2 is fine).\n2  Call Plant IT on call 4411.\n"
        "3  Lines 2 and 3 run on local buffers for 30 min.",
    ),
    Asset(asset_id("ROB-A4"), "ROB-A4", AssetClass.ROBOT, 1, "Assembly", asset_id("Cell 4"), "plant/Assembly/ROB-A4"),
    Asset(asset_id("MES"), "MES order interface", AssetClass.MES, 3, "Server room"),
    Asset(asset_id("PLC-A21"), "PLC-A21", AssetClass.PLC, 1, "Assembly", asset_id("Cell 4")),
)
LINKS = (
    Link(asset_id("PLC-A21"), asset_id("SW-CORE-1"), LinkKind.DEPENDS_ON),
    Link(asset_id("ROB-A4"), asset_id("PLC-A21"), LinkKind.DEPENDS_ON),
    Link(asset_id("SW-CORE-1"), asset_id("MES"), LinkKind.FEEDS),
)


def tag(handle: int, owner: str, metric: str, value_type: ValueType = ValueType.FLOAT, unit: str = "") -> Tag:
    source = TagSource("plant", "Assembly", owner, "", metric)
    return Tag(handle, uuid5(SITE, source.path()), asset_id(owner), source, value_type, unit)


TAGS = (
    tag(0, "SW-CORE-1", "reachable", ValueType.BOOLEAN),
    tag(1, "SW-CORE-1", "uplink load", unit="%"),
    tag(2, "SW-CORE-1", "CPU", unit="%"),
    tag(3, "SW-CORE-1", "temperature", unit="°C"),
    tag(4, "ROB-A4", "joint 3 temperature", unit="°C"),
    tag(5, "ROB-A4", "<b>mode</b>", ValueType.STRING),
)


def condition(row: int, owner: str, text: str, handle: int = -1, response: str = "") -> Condition:
    tag_id = TAGS[handle].tag_id if handle >= 0 else None
    return Condition(
        row=row,
        condition_id=uuid5(SITE, f"rule/{owner}/{text}"),
        rule_id="r",
        kind=AlarmKind.LIMIT,
        tag_id=tag_id,
        tag_handle=handle,
        asset_id=None if handle >= 0 else asset_id(owner),
        subject=owner,
        asset_name=owner,
        area="Assembly",
        text=text,
        response=response,
        unit=TAGS[handle].unit if handle >= 0 else "",
        limits=(("HH", 75.0),) if handle == 4 else (),
    )


CONDITIONS = (
    condition(0, "SW-CORE-1", "Core switch SW-CORE-1 unreachable"),
    condition(1, "ROB-A4", "Robot R4 joint 3 temperature high", 4, "Let the robot cool down; check the brake."),
    condition(2, "MES", "MES order interface: oldest record 11 min"),
)


def alarms(states: tuple[int, ...] = (1, 1, 2), *, is_snapshot: bool = True) -> r.AlarmsDelta:
    starts = np.array([NOW_US - 42_000_000, NOW_US - 10 * MINUTE, NOW_US - 150 * MINUTE], np.int64)
    return r.AlarmsDelta(
        is_snapshot=is_snapshot,
        conditions=CONDITIONS,
        rows=np.arange(3, dtype=np.int32),
        state=np.array(states, np.uint8),
        priority=np.array([1, 2, 3], np.uint8),
        severity=np.array([1, 2, 1], np.int8),
        start_us=starts,
        annunciated_us=starts,
        changed_us=starts,
        value=np.array([0.0, 78.4, 11.0]),
        count=np.ones(3, np.int32),
        uncertain=np.zeros(3, np.bool_),
        flags=np.zeros(3, np.uint8),
    )


def tags(quality: Quality = Quality.GOOD) -> r.TagsDelta:
    count = len(TAGS)
    return r.TagsDelta(
        is_snapshot=True,
        added=TAGS,
        handles=np.arange(count, dtype=np.int32),
        values=np.array([0.0, 41.0, 18.0, 44.2, 78.4, np.nan]),
        quality=np.full(count, quality, np.uint8),
        detail=np.full(count, Detail.NONE if quality == Quality.GOOD else Detail.LINK_DOWN, np.uint8),
        source_us=np.full(count, NOW_US - 2_000_000, np.int64),
        receive_us=np.full(count, NOW_US - 2_000_000, np.int64),
        texts={5: "<i>auto</i>"},
    )


INCIDENT = r.IncidentRecord(
    uuid5(SITE, "INC-K-0931"),
    "INC-K-0931",
    "in_progress",
    2,
    "Uplink port flapping",
    "",
    2,
    2,
    "operator 2",
    NOW_US - 300 * MINUTE,
    NOW_US - 200 * MINUTE,
    team="Plant IT",
    assets=(asset_id("SW-CORE-1"),),
    notes=((NOW_US - 200 * MINUTE, "operator 2", "port 14 replaced"),),
)
SESSION = r.SessionRecord("u2", "op2", "operator 2", ("operator",), NOW_US - 60 * MINUTE)
STATUS = r.StatusRecord(
    "Plant Kassel", "Desk North", "Desk North", "Europe/Berlin", 1512, 9, 2, 0, 3100.0, collector="ok"
)


def states() -> tuple[r.AssetState, ...]:
    return (
        r.AssetState(asset_id("SW-CORE-1"), "down", 1, True, NOW_US - 42_000_000, "DOWN"),
        r.AssetState(asset_id("ROB-A4"), "alarm", 2, True, NOW_US - 10 * MINUTE, "78.4 °C"),
        r.AssetState(asset_id("MES"), "ok"),
    )


def trend(query: s.TrendQuery) -> tuple[r.TrendColumns, ...]:
    """A wavy quarter of an hour for every tag asked."""
    times = np.linspace(query.from_us, query.to_us - 1, query.buckets).astype(np.int64)
    made = []
    for number, tag_id in enumerate(query.tag_ids):
        value = 40 + 5 * np.sin(np.arange(query.buckets) / (3 + number)) + np.cos(np.arange(query.buckets) * 1.7)
        good = np.ones(query.buckets, np.bool_)
        made.append(r.TrendColumns(tag_id, times, value, value, value, good, False))
    return tuple(made)


def alarm_log(query: s.AlarmHistoryQuery) -> tuple[s.AlarmLogRow, ...]:
    condition_id = query.condition_id or CONDITIONS[0].condition_id
    at_us = NOW_US - 42_000_000
    return (s.AlarmLogRow(condition_id, at_us, "raised", 1, at_us, at_us, 1, 1, None, "DOWN, 14 symptoms grouped", ""),)


def deliver_plant(station: FakeStation, *, session: r.SessionRecord | None = SESSION) -> None:
    """Everything a running station says in its first beat."""
    station.answers[s.TrendQuery] = trend
    station.answers[s.AlarmHistoryQuery] = alarm_log
    station.deliver(s.STATUS, STATUS)
    station.deliver(s.TAGS, tags())
    station.deliver(s.TOPOLOGY, r.TopologyDelta(True, ASSETS, LINKS, (), states()))
    station.deliver(s.ALARMS, alarms())
    station.deliver(s.ALARM_COUNTS, r.AlarmCounts((1, 1, 0, 0), (1, 5, 19, 31), 0, 6, 2))
    station.deliver(s.INCIDENTS, r.IncidentsDelta(True, (INCIDENT,)))
    station.deliver(
        s.LINKS,
        r.LinksDelta(
            True,
            (
                r.LinkRecord("broker:plant", "live", NOW_US - 100 * MINUTE),
                r.LinkRecord("centre", "lost", NOW_US - 192 * MINUTE, None, 14),
                r.LinkRecord("neighbour:desk-south", "live", NOW_US - 100 * MINUTE),
            ),
        ),
    )
    station.deliver(s.HORN, r.HornSnapshot(r.HornState.SOUNDING, 1, 1, "Desk North"))
    station.deliver(s.SESSION, session)
