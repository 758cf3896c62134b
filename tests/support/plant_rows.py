"""Rows for models and views: alarm conditions, alarm deltas, tags and their deltas, as a station would send them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import numpy as np

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmState, Condition
from console.domain.quality import Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.records import AlarmsDelta, AsideRecord, TagsDelta

SITE = UUID(int=7)
T0 = 1_780_000_000_000_000


def condition(row: int, *, text: str = "", area: str = "Assembly", asset: str = "", unit: str = "°C") -> Condition:
    asset = asset or f"ROB-{row}"
    return Condition(
        row=row,
        condition_id=uuid5(SITE, f"condition {row}"),
        rule_id="temperature/high",
        kind=AlarmKind.LIMIT,
        side="high",
        tag_id=uuid5(SITE, f"tag {row}"),
        tag_handle=row,
        asset_id=uuid5(SITE, asset),
        subject=f"plant/{area}/{asset}/temperature",
        asset_name=asset,
        area=area,
        text=text or f"Robot {row} joint temperature high",
        response="Check the cooling fan.\nCall plant IT.",
        unit=unit,
        limits=(("H", 70.0), ("HH", 75.0)),
    )


def alarms(
    rows: Sequence[int],
    *,
    state: Sequence[int] | int = AlarmState.UNACKNOWLEDGED,
    priority: Sequence[int] | int = 2,
    start_us: Sequence[int] | int = T0,
    value: float = 78.4,
    conditions: Sequence[Condition] = (),
    notes: Mapping[int, str] | None = None,
    is_snapshot: bool = False,
    count: int = 1,
    flags: Sequence[int] | int = 0,
    aside: Mapping[int, tuple[AsideRecord, ...]] | None = None,
    owners: Mapping[int, str] | None = None,
    severity: int = 2,
    worst: int | None = None,
) -> AlarmsDelta:
    n = len(rows)
    start = np.broadcast_to(np.asarray(start_us, np.int64), n).copy()
    return AlarmsDelta(
        is_snapshot=is_snapshot,
        conditions=tuple(conditions),
        rows=np.asarray(rows, np.int32),
        state=np.broadcast_to(np.asarray(state, np.uint8), n).copy(),
        priority=np.broadcast_to(np.asarray(priority, np.uint8), n).copy(),
        severity=np.full(n, severity, np.int8),
        start_us=start,
        annunciated_us=start.copy(),
        changed_us=start.copy(),
        value=np.full(n, value),
        count=np.full(n, count, np.int32),
        uncertain=np.zeros(n, np.bool_),
        flags=np.broadcast_to(np.asarray(flags, np.uint8), n).copy(),
        notes=dict(notes or {}),
        aside=dict(aside or {}),
        owners=dict(owners or {}),
        worst=None if worst is None else np.full(n, worst, np.int8),
    )


def shelf(until_us: int, *, since_us: int = T0, who: str = "Otto Ohm", **more: Any) -> tuple[AsideRecord, ...]:
    """Why a row is shelved, as the station tells it."""
    told = {"workstation": "A1", "reason_code": "chattering", "reason": "sensor is loose", **more}
    return (AsideRecord(int(AlarmFlag.SHELVED), who, since_us=since_us, until_us=until_us, **told),)


def tag(handle: int, metric: str = "", *, node: str = "PLC-1", device: str = "", unit: str = "bar") -> Tag:
    source = TagSource("plant", "Press shop", node, device, metric or f"pressure {handle}")
    return Tag(handle, uuid5(SITE, source.path()), uuid5(SITE, source.asset_path()), source, ValueType.DOUBLE, unit)


def tag_values(
    handles: Sequence[int],
    values: Sequence[float] | float = 4.2,
    *,
    quality: Quality = Quality.GOOD,
    detail: int = 0,
    added: Sequence[Tag] = (),
    is_snapshot: bool = False,
    source_us: int = T0,
    texts: Mapping[int, str] | None = None,
) -> TagsDelta:
    n = len(handles)
    return TagsDelta(
        is_snapshot=is_snapshot,
        added=tuple(added),
        handles=np.asarray(handles, np.int32),
        values=np.broadcast_to(np.asarray(values, np.float64), n).copy(),
        quality=np.full(n, quality, np.uint8),
        detail=np.full(n, detail, np.uint8),
        source_us=np.full(n, source_us, np.int64),
        receive_us=np.full(n, source_us, np.int64),
        texts=dict(texts or {}),
    )
