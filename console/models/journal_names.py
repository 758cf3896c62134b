"""What people call what the journal names by id: incident numbers, alarms with their asset, assets, people."""

import json
from collections.abc import Callable, Iterable
from uuid import UUID

from console.domain.alarms import Condition
from console.models.journal_fields import field_text
from console.services.master_records import MasterDelta
from console.services.records import (
    AlarmsDelta,
    IncidentRecord,
    IncidentsDelta,
    JournalRow,
    SessionRecord,
    TopologyDelta,
)
from console.services.station import (
    ALARMS,
    ANNOTATIONS,
    INCIDENTS,
    MASTER,
    PEN_GROUPS,
    SESSION,
    TOPOLOGY,
    Station,
)
from console.services.trend_records import AnnotationsDelta, PenGroupsDelta
from console.ui.translation import mark, tr

KIND_WORDS: dict[str, str] = {
    "annotation": mark("annotation"),
    "break_glass": mark("emergency identity"),
    "condition": mark("alarm"),
    "event": mark("entry"),
    "incident": mark("incident"),
    "master_alarm": mark("master alarm record"),
    "master_import": mark("import"),
    "node": mark("node"),
    "pen_group": mark("pen group"),
    "position": mark("desk"),
    "record": mark("signed record"),
    "site": mark("site"),
    "station": mark("station"),
    "stream": mark("journal"),
    "user": mark("person"),
}
_DIGEST = 64
_WORDS = 40  # characters of an annotation
_TAIL = 8  # characters of an unknown id: the end, because ids made at one time begin alike


class JournalNames:
    """Learns from the station's topics and from the journal itself; `is_fresh` until somebody took note of news."""

    def __init__(self, station: Station) -> None:
        self.is_fresh = False
        self._names: dict[str, Callable[[], str]] = {}
        self._undo = (
            station.subscribe(ALARMS, self._on_alarms),
            station.subscribe(INCIDENTS, self._on_incidents),
            station.subscribe(TOPOLOGY, self._on_topology),
            station.subscribe(SESSION, self._on_session),
            station.subscribe(MASTER, self._on_master),
            station.subscribe(ANNOTATIONS, self._on_annotations),
            station.subscribe(PEN_GROUPS, self._on_pen_groups),
        )

    def close(self) -> None:
        """Follow the station no longer."""
        for undo in self._undo:
            undo()

    def learn(self, rows: Iterable[JournalRow]) -> None:
        """Who signed on is named in the entry itself."""
        for row in rows:
            kind, _space, identity = row.entity.partition(" ")
            if kind == "user" and row.etype == "user.signed_on" and row.user:
                self._learn(identity, row.user)

    def name_of(self, identity: str) -> str:
        """The name, the end of an id that nobody knows, or the text as it is when it is no id."""
        if identity in self._names:
            return self._names[identity]()
        return f"…{identity[-_TAIL:]}" if _is_id(identity) else identity

    def ids_of(self, words: str) -> list[str]:
        """Ids of everything whose name holds all these words."""
        wanted = words.casefold().split()
        names = ((identity, name().casefold()) for identity, name in self._names.items()) if wanted else ()
        return [identity for identity, name in names if all(word in name for word in wanted)]

    def entity(self, row: JournalRow) -> str:
        """`condition <id>` as the alarm's text and asset; an unknown one keeps the word for its kind."""
        kind, space, identity = row.entity.partition(" ")
        if identity in self._names:
            return self.name_of(identity)
        word = tr(KIND_WORDS[kind]) if kind in KIND_WORDS else kind
        return f"{word}{space}{self.name_of(identity)}"

    def summary(self, row: JournalRow, now_us: int) -> str:
        """The payload's values in one line, without what the row's entity says already; plain text as it is."""
        try:
            payload = json.loads(row.summary[:4096])
        except ValueError:
            return row.summary
        if not isinstance(payload, dict):
            return row.summary
        about = row.entity.partition(" ")[2]
        told = ((key, value) for key, value in payload.items() if value not in ("", None, [], False, about))
        lines = (field_text(key, value, now_us, self.name_of) for key, value in told)
        return " · ".join(line for line in lines if line)

    def _learn(self, identity: str, name: str) -> None:
        if identity and name:
            self.is_fresh = self.is_fresh or identity not in self._names
            self._names[identity] = lambda: name

    def _on_alarms(self, delta: AlarmsDelta) -> None:
        for condition in delta.conditions:
            self._names[str(condition.condition_id)] = _AlarmName(condition)
        self.is_fresh = self.is_fresh or bool(delta.conditions)

    def _on_incidents(self, delta: IncidentsDelta) -> None:
        for record in delta.incidents:
            self._learn(str(record.incident_id), _incident_name(record))
            self._learn(record.opened_by_id, record.opened_by)
            self._learn(record.agent_id, record.agent)

    def _on_topology(self, delta: TopologyDelta) -> None:
        for asset in delta.assets:
            self._learn(str(asset.asset_id), asset.name)

    def _on_master(self, delta: MasterDelta) -> None:
        for record in delta.records:
            self._learn(record.key, f"{record.text} · {record.key}" if record.text else record.key)
        for one in delta.imports:
            self._learn(one.import_id, one.file)

    def _on_annotations(self, delta: AnnotationsDelta) -> None:
        """By their words, as far as a line has room for them."""
        for one in delta.annotations:
            words = " ".join(one.text.split())
            self._learn(str(one.annotation_id), words if len(words) <= _WORDS else f"{words[: _WORDS - 1]}…")

    def _on_pen_groups(self, delta: PenGroupsDelta) -> None:
        for one in delta.groups:
            self._learn(str(one.group_id), one.name)

    def _on_session(self, session: SessionRecord | None) -> None:
        if session is not None:
            self._learn(session.user_id, session.name or session.login)


class _AlarmName:
    """Translated when it is read."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    def __call__(self) -> str:
        text = tr(self._condition.text) if self._condition.text else self._condition.subject
        name = self._condition.asset_name
        return f"{text} · {name}" if name and name not in text else text


def _incident_name(record: IncidentRecord) -> str:
    return record.number or record.title


def _is_id(text: str) -> bool:
    """A uuid, or a digest."""
    if len(text) == _DIGEST and not set(text) - set("0123456789abcdef"):
        return True
    try:
        return len(text) >= 32 and bool(UUID(text))
    except ValueError:
        return False
