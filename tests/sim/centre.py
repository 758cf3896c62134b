"""A centre that behaves as the SQL functions of `central_schema` do: who asks is known by his session, not his word."""

from dataclasses import dataclass, field
from uuid import UUID

from console.services.journal.envelope import BadEvent, Event, RawEvent, decode_event
from console.services.sync import messages as m
from console.services.sync.conversation import answer
from tests.sim.memory_store import MemoryStore, State

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Session:
    """A login role of one station, as `leitstand centre enrol` made it."""

    tenant: UUID
    site: UUID
    station: UUID


@dataclass(slots=True)
class SimCentre:
    """States by site; a push becomes visible when its transaction commits. `rows` are in order of a bigserial."""

    sites: dict[UUID, State] = field(default_factory=dict)
    revoked: set[UUID] = field(default_factory=set)
    rows: list[tuple[int, UUID, RawEvent]] = field(default_factory=list)
    serial: int = 0

    def state(self, site: UUID) -> State:
        return self.sites.setdefault(site, State())

    def session_of(self, who: Session, question: m.Question) -> Session | None:
        """Whose rows a call works on; None when it is refused (errcode 42501)."""
        if who.station in self.revoked:
            return None
        if isinstance(question, m.AskVector) and (question.hello.tenant, question.hello.site) != (who.tenant, who.site):
            return None
        return who

    def begin(self, count: int) -> int:
        """The ids that a bigserial would give at the beginning of a push."""
        first = self.serial + 1
        self.serial += count
        return first

    def answer(self, who: Session, question: m.Question, serial: int = 0) -> m.Answer:
        session = self.session_of(who, question)
        if session is None:
            return m.Refusal("of another site")
        if isinstance(question, m.Give):
            return m.Took(self._take(session, question.events, serial))
        hello = m.Hello(session.site, _NOBODY, "", session.tenant)
        return answer(MemoryStore(self.state(session.site)), question, hello)

    def _take(self, who: Session, raws: tuple[RawEvent, ...], serial: int) -> int:
        """`leitstand.take`: only what says its own place, fits its hash and follows something that is here."""
        state = self.state(who.site).copy()
        store, taken = MemoryStore(state), 0
        for number, event in sorted(_read(raws), key=lambda pair: (pair[1].stream, pair[1].seq, pair[1].raw.hash)):
            body = event.body
            if (body.tenant, body.site) != (who.tenant, who.site) or store.place_of(event.raw.hash) is not None:
                continue
            if body.seq > 1 and store.place_of(event.prev) != (body.stream, body.seq - 1):
                continue
            store.insert(event, str(who.station), 0)
            self.rows.append((serial + number, who.site, event.raw))
            taken += 1
        self.sites[who.site] = state
        return taken

    def rows_after(self, site: UUID, serial: int, limit: int) -> list[tuple[int, RawEvent]]:
        """What `WHERE id > last` would give: the road that was not taken."""
        found = sorted(row for row in self.rows if row[1] == site and row[0] > serial)
        return [(row[0], row[2]) for row in found[:limit]]


def _read(raws: tuple[RawEvent, ...]) -> list[tuple[int, Event]]:
    events = []
    for number, raw in enumerate(raws):
        try:
            events.append((number, decode_event(raw)))
        except BadEvent:
            continue  # one that cannot be read stops no other
    return events
