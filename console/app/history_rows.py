"""Rows of `leitstand query history`: one tag as buckets, samples, figures by period, states or percentiles."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.app.row_values import finite, iso, plain_number
from console.domain.calendar_periods import Period
from console.domain.quality import Quality
from console.domain.values import ValueType
from console.services import station as s
from console.services.history_records import StateTime

if TYPE_CHECKING:
    from console.app.door import Core

Row = dict[str, Any]
FORMS = ("trend", "samples", "figures", "states", "percentiles")
_MOST = 100_000
_FIGURES = (
    "low", "high", "first", "last", "mean", "sample_mean", "deviation", "deviation_by_time", "integral",
    "good_s", "bad_s", "unknown_s",
)  # fmt: skip


async def history_rows(core: "Core", arguments: dict[str, Any]) -> list[Row]:
    """What `arguments["as"]` names, over [from_us, to_us). Raises ValueError for what is not known, Refused."""
    form = str(arguments.get("as") or "trend")
    if form not in _ROWS:
        raise ValueError(f"no form '{form}'; there are: {', '.join(FORMS)}")
    if core.history.store is None and core.history.path.exists():
        await core.history.open()
    tag_id, kind = _tag(core, str(arguments["tag"]))
    return await _ROWS[form](core, tag_id, kind, arguments)


def _tag(core: "Core", text: str) -> tuple[UUID, ValueType]:
    """By id, or by path with or without its broker; by its id also a tag of which only history knows."""
    for tag in core.parts.store.tags():
        path = tag.source.path()
        if text in (str(tag.tag_id), path, path.partition("/")[2]):
            return tag.tag_id, tag.value_type
    for info in core.history.store.tags() if core.history.store is not None else ():
        if text == str(info.tag_id):
            return info.tag_id, info.kind
    raise ValueError(f"no tag '{text}'; see leitstand query tags")


def _window(arguments: dict[str, Any]) -> tuple[int, int]:
    return int(arguments["from_us"]), int(arguments["to_us"])


async def _trend(core: "Core", tag_id: UUID, _kind: ValueType, arguments: dict[str, Any]) -> list[Row]:
    buckets = int(arguments.get("buckets") or _MOST)
    (columns,) = await core.station.query(s.TrendQuery((tag_id,), *_window(arguments), buckets))
    return [
        {
            "at": iso(int(columns.time_us[i])),
            "low": finite(columns.low[i]),
            "high": finite(columns.high[i]),
            "last": finite(columns.last[i]),
            "good": bool(columns.good[i]),
        }
        for i in range(len(columns.time_us))
    ]


async def _samples(core: "Core", tag_id: UUID, kind: ValueType, arguments: dict[str, Any]) -> list[Row]:
    """A text tag's values are its texts; a gap has none."""
    limit = int(arguments.get("limit") or _MOST)
    (columns,) = await core.station.query(s.RawQuery((tag_id,), *_window(arguments), min(limit, _MOST)))
    rows = []
    for i, value in enumerate(columns.value.tolist()):
        said: object = finite(value)
        if i in columns.texts:
            said = columns.texts[i]
        elif said is not None:
            said = plain_number(value, kind, str(columns.exact.get(i, "")))
        quality = Quality(int(columns.quality[i])).name.lower()
        rows.append({"at": iso(int(columns.time_us[i])), "value": said, "quality": quality})
    return rows


async def _figures(core: "Core", tag_id: UUID, _kind: ValueType, arguments: dict[str, Any]) -> list[Row]:
    """`mean` weighs by time, `sample_mean` and `deviation` count each sample once."""
    period = str(arguments.get("period") or "")
    if period and period not in set(Period):
        raise ValueError(f"no period '{period}'; there are: {', '.join(Period)}")
    query = s.AggregateQuery(
        (tag_id,),
        *_window(arguments),
        buckets=int(arguments.get("buckets") or 1),
        period=Period(period) if period else None,
        deviation_by_time=bool(arguments.get("by_time")),
    )
    (columns,) = await core.station.query(query)
    return [
        {
            "from": iso(int(columns.from_us[i])),
            "to": iso(int(columns.to_us[i])),
            "count": int(columns.count[i]),
            "untrusted": int(columns.untrusted[i]),
            **{name: finite(getattr(columns, name)[i]) for name in _FIGURES},
            "good_share": finite(columns.share("good_s")[i]),
            "exact": bool(columns.is_exact[i]),
            "whole": bool(columns.is_whole[i]),
        }
        for i in range(len(columns.count))
    ]


async def _states(core: "Core", tag_id: UUID, kind: ValueType, arguments: dict[str, Any]) -> list[Row]:
    """One row for each state, the longest first; then time without one state, without trust, and unknown."""
    (columns,) = await core.station.query(s.StateQuery((tag_id,), *_window(arguments)))
    from_us, to_us = _window(arguments)
    whole_s = (to_us - from_us) / 1e6
    rows = [_state_row(_said(one, kind), one.seconds, one.times, whole_s) for one in columns.durations]
    for name, seconds in (("(mixed)", columns.mixed_s), ("(bad)", columns.bad_s), ("(unknown)", columns.unknown_s)):
        if seconds > 0:
            rows.append(_state_row(name, seconds, -1, whole_s))
    return rows


def _said(one: StateTime, kind: ValueType) -> object:
    return one.text if one.text else plain_number(one.value, kind)


def _state_row(state: object, seconds: float, times: int, whole_s: float) -> Row:
    entered = times if times >= 0 else None
    return {"state": state, "seconds": seconds, "share": seconds / whole_s, "entered": entered}


async def _percentiles(core: "Core", tag_id: UUID, _kind: ValueType, arguments: dict[str, Any]) -> list[Row]:
    shares = tuple(float(share) / 100 for share in str(arguments.get("percentiles") or "5,50,95").split(","))
    query = s.PercentileQuery((tag_id,), *_window(arguments), shares, is_by_time=bool(arguments.get("by_time")))
    (answer,) = await core.station.query(query)
    basis = "held seconds" if answer.is_by_time else "samples"
    return [
        {"percentile": round(share * 100, 9), "value": finite(value), "of": basis, "count": answer.count}
        for share, value in zip(answer.shares, answer.values, strict=True)
    ]


_ROWS: dict[str, Callable[["Core", UUID, ValueType, dict[str, Any]], Awaitable[list[Row]]]] = {
    "trend": _trend,
    "samples": _samples,
    "figures": _figures,
    "states": _states,
    "percentiles": _percentiles,
}
