"""Answers of `leitstand query`: what a station knows, under stable keys, as JSON-able rows; times UTC ISO-8601."""

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.app.history_rows import history_rows
from console.app.kpi_rows import kpi_rows
from console.app.row_values import iso, plain_number
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import ACTIVE_STATES, UNACKNOWLEDGED_STATES, AlarmState, Condition, Occurrence
from console.domain.quality import Detail, Quality
from console.domain.values import is_numeric
from console.services.station import JournalQuery

if TYPE_CHECKING:
    from console.app.door import Core

Row = dict[str, Any]
_MOST = 100_000
_COUNTER_BITS = 16
STEP = 200  # rows that are worked on at a time


async def answer(core: "Core", what: str, arguments: dict[str, Any]) -> list[Row]:
    """Rows of one kind. Raises ValueError for an unknown kind or tag."""
    if what == "tags":
        return await _tags(core)
    if what == "history":
        return await history_rows(core, arguments)
    if what == "journal":
        return await _journal(core, int(arguments.get("limit") or _MOST))
    if what == "kpi":
        return await kpi_rows(core, arguments)
    if what not in _KINDS:
        raise ValueError(f"no query '{what}'")
    return _KINDS[what](core)


async def _tags(core: "Core") -> list[Row]:
    """In steps of a few milliseconds: with 100,000 tags the whole answer would hold the window for seconds."""
    store = core.parts.store
    rows: list[Row] = []
    for count, tag in enumerate(tuple(store.tags()), 1):
        if count % STEP == 0:
            await asyncio.sleep(0)
        handle = tag.handle
        value = float(store.value[handle])
        is_number = is_numeric(tag.value_type) and math.isfinite(value)
        rows.append(
            {
                "id": str(tag.tag_id),
                "name": tag.name,
                "source": tag.source.path(),
                "value": plain_number(value, tag.value_type, store.text(handle))
                if is_number
                else store.text(handle) or None,
                "type": tag.value_type.name.lower(),
                "unit": tag.unit,
                "quality": Quality(int(store.quality[handle])).name.lower(),
                "detail": Detail(int(store.detail[handle])).name.lower(),
                "source_at": iso(int(store.source_us[handle])),
                "received_at": iso(int(store.receive_us[handle])),
                "asset": str(tag.asset_id),
            }
        )
    return rows


def _alarms(core: "Core") -> list[Row]:
    delta = core.parts.engine.snapshot()
    conditions = {condition.row: condition for condition in delta.conditions}
    rows = []
    for i, row in enumerate(delta.rows.tolist()):
        state = AlarmState(int(delta.state[i]))
        if state is AlarmState.NORMAL:
            continue
        condition, aside, start_us = conditions[row], delta.aside.get(row, ()), int(delta.start_us[i])
        rows.append(
            {
                "condition": str(condition.condition_id),
                "started_at": iso(start_us),
                "start_us": start_us,
                "tag": condition.subject,
                "asset": condition.asset_name,
                "area": condition.area,
                "kind": condition.kind.value,
                "priority": int(delta.priority[i]),
                "severity": int(delta.severity[i]),
                "state": state.name.lower(),
                "active": state in ACTIVE_STATES,
                # who acknowledged a lower band has not seen this one
                "acked_by": None if state in UNACKNOWLEDGED_STATES else delta.acked_by.get(row) or None,
                "acked_at": None if state in UNACKNOWLEDGED_STATES else _acknowledged_at(core, condition, start_us),
                "shelved_until": next((iso(one.until_us) for one in aside if one.flag == AlarmFlag.SHELVED), None),
                "suppressed": any(one.flag in (AlarmFlag.SUPPRESSED, AlarmFlag.MASKED) for one in aside),
                "out_of_service": any(one.flag == AlarmFlag.OUT_OF_SERVICE for one in aside),
                "text": condition.text,
                "note": delta.notes.get(row, ""),
            }
        )
    return rows


def _acknowledged_at(core: "Core", condition: Condition, start_us: int) -> str | None:
    """When the acknowledgement that is shown was given, by its event's clock (milliseconds above a counter)."""
    given = core.parts.engine.acknowledgements_of(Occurrence(condition.condition_id, start_us))
    return iso((given[0].hlc >> _COUNTER_BITS) * 1000) if given else None


def _incidents(core: "Core") -> list[Row]:
    return [
        {
            "id": str(incident.incident_id),
            "number": incident.number,
            "state": incident.state,
            "priority": incident.priority,
            "title": incident.title,
            "opened_by": incident.opened_by,
            "opened_at": iso(incident.opened_us),
            "assigned": " / ".join(part for part in (incident.team, incident.agent) if part),
            "assets": [str(asset) for asset in incident.assets],
            "alarms": [f"{condition}@{start_us}" for condition, start_us, _ in incident.alarms],
        }
        for incident in core.parts.desk.snapshot().incidents
    ]


def _assets(core: "Core") -> list[Row]:
    topology = core.parts.plant.snapshot(core.parts.now_us())
    states = {state.asset_id: state.state for state in topology.states}
    return [
        {
            "id": str(asset.asset_id),
            "name": asset.name,
            "class": asset.asset_class.value,
            "state": states.get(asset.asset_id, "unknown"),
            "parent": str(asset.parent) if asset.parent else None,
            "area": asset.area,
            "level": asset.level,
            "proposed": asset.is_proposed,
        }
        for asset in topology.assets
    ]


def _links(core: "Core") -> list[Row]:
    return [
        {
            "name": link.name,
            "state": link.state,
            "since": iso(link.since_us),
            "lag_s": link.lag_s,
            "detail": link.detail,
        }
        for link in core.parts.links.all()
    ]


def _sync(core: "Core") -> list[Row]:
    """One row: this station, with every peer in `peers`. A stopped station has asked nobody: its peers are unknown."""
    journal, record = core.parts.journal, core.parts.sync.value
    link = next((link for link in core.parts.links.all() if link.name == "centre"), None)
    centre = next((peer for peer in record.peers if peer.name == "centre"), link)
    return [
        {
            "station": str(journal.place.station),
            "head": journal.event_count,
            "waiting": centre.waiting if centre is not None else None,
            "lag_s": centre.lag_s if centre is not None else None,
            "conflicts": sum(len(incident.conflicts) for incident in core.parts.desk.snapshot().incidents),
            "forks": journal.forks,
            "only_here": record.own_waiting if record.peers else None,
            "set_apart": len(record.quarantined),
            "enrolled": record.enrolled or None,
            "backup_at": iso(record.backup_us),
            "proof": record.proof or None,
            "proof_at": iso(record.proof_us),
            "peers": [
                {
                    "name": peer.name,
                    "state": str(peer.state),
                    "since": iso(peer.since_us),
                    "lag_s": peer.lag_s,
                    "clock_offset_s": peer.clock_offset_s,
                    "waiting": peer.waiting,
                    "missing": peer.missing,
                    "detail": peer.detail,
                }
                for peer in record.peers
            ],
        }
    ]


def _nodes(core: "Core") -> list[Row]:
    return [
        {
            "broker": node.broker,
            "group": node.group,
            "node": node.node,
            "device": node.device,
            "asset": str(node.asset_id),
            "state": node.state,
            "since": iso(node.since_us),
            "births": node.births,
            "rebirths_requested": node.rebirths_requested,
            "seq_gaps": node.seq_gaps,
            "metrics": node.metrics,
            "skew_s": node.skew_s,
            "last_message_at": iso(node.last_message_us),
            "last_error": node.last_error,
        }
        for node in core.parts.nodes.all()
    ]


def _troubles(core: "Core") -> list[Row]:
    return [
        {
            "sender": trouble.sender,
            "kind": trouble.kind,
            "count": trouble.count,
            "first_at": iso(trouble.first_us),
            "last_at": iso(trouble.last_us),
            "example": trouble.example,
        }
        for trouble in core.parts.troubles.all()
    ]


def _horn(core: "Core") -> list[Row]:
    horn = core.parts.horn()
    return [
        {
            "state": horn.state.value,
            "priority": horn.priority,
            "request": horn.request,
            "position": horn.position,
            "sound": horn.pattern,
            "summary": horn.summary,
        }
    ]


async def _journal(core: "Core", limit: int) -> list[Row]:
    rows = await core.parts.journal.query(JournalQuery(limit=min(limit, _MOST)))
    return [
        {
            "hash": row.hash,
            "stream": str(row.stream),
            "seq": row.seq,
            "at": iso(row.at_us),
            "station": row.station,
            "user": row.user,
            "type": row.etype,
            "entity": row.entity,
            "summary": row.summary,
            "in_centre": row.in_centre,
            "stations": row.stations,
            "flags": list(row.flags),
            "reason": row.reason,
        }
        for row in rows
    ]


_KINDS: dict[str, Callable[["Core"], list[Row]]] = {
    "alarms": _alarms,
    "incidents": _incidents,
    "assets": _assets,
    "links": _links,
    "sync": _sync,
    "nodes": _nodes,
    "troubles": _troubles,
    "horn": _horn,
}
