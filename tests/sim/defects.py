"""Seeded defects: each puts one known mistake into the product for the time of a `with`; the simulator must find it.

`signal` is what an operator or the log is told meanwhile, empty where nothing in the running
program could know: the value that was overwritten is gone, and only the oracle remembers it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar
from unittest.mock import patch
from uuid import UUID

from msgspec import structs

from console.domain import acknowledgement, acknowledgements, incident_settling, incidents, registers, shelving
from console.domain.facts import FACTS
from console.services.identity import people_history
from console.services.journal import envelope, groups, hlc, holdings, own_stream, receiving, revoking
from console.services.journal.envelope import BadEvent, Event, RawEvent
from console.services.journal.event_table import Stored, Tip
from console.services.journal.facts_codec import decode_fact
from console.services.servicedesk import case
from console.services.storage import anchor
from console.services.sync import conversation, vector
from tests.sim import centre, seals, station, world
from tests.sim.defect import Defect, nothing, swap
from tests.sim.memory_store import MemoryJournal, MemoryStore

# --- what travels ----------------------------------------------------------------------------------------------------


def _highest(ends: Sequence[Tip]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for tip in ends:
        found[tip.stream] = max(tip.seq, found.get(tip.stream, 0))
    return found


def _compare_by_seq(ours: Any, theirs: Any, knows: Any) -> vector.Difference:
    """A version vector without hashes."""
    here, there, difference = _highest(tuple(ours)), _highest(tuple(theirs)), vector.Difference()
    for stream in sorted({*here, *there}):
        mine, other = here.get(stream, 0), there.get(stream, 0)
        if mine > other:
            difference.push.append(vector.Span(stream, other, b"\xff" * 32, mine - other))
        elif other > mine:
            difference.pull.append(vector.Span(stream, mine, b"\xff" * 32, other - mine))
        else:
            difference.equal.add(stream)
    return difference


def _no_join(disk: Any, stream: Any, top: Any, outcome: Any, budget: Any, **_: Any) -> Any:
    yield from ()


_store = receiving.Receiver._store
_doubts = receiving.Receiver._doubts


def _one_per_place(self: Any, store: Any, event: Event, *given: Any) -> bool:
    """Insert-or-ignore by (stream, seq)."""
    if store.hashes(event.stream, event.seq, event.seq):
        given[-1].known += 1
        return False
    return _store(self, store, event, *given)


def _known_only(self: Any, store: Any, event: Event, *given: Any) -> bool:
    """Drops what this version does not know."""
    if decode_fact(event.body.etype, event.body.min_reader, bytes(event.body.payload)) is None:
        given[-1].known += 1
        return False
    return _store(self, store, event, *given)


def _refuse_poison(self: Any, store: Any, event: Event, *given: Any) -> bool:
    body = event.body
    if body.etype in FACTS and decode_fact(body.etype, body.min_reader, bytes(body.payload)) is None:
        raise BadEvent("payload does not fit its type")
    return _store(self, store, event, *given)


def _refuse_clock(self: Any, store: Any, event: Event, *given: Any) -> bool:
    if not self._clock.observe(event.hlc):
        raise BadEvent("from the future")
    return _store(self, store, event, *given)


def _publish_again(self: Any, store: Any, event: Event, peer: str, now_us: int, received: Any) -> bool:
    """A duplicate reaches the projections again."""
    if store.place_of(event.raw.hash) is not None and isinstance(store, MemoryStore):
        received.stored.append(Stored(event, 1, "A1"))
    return _store(self, store, event, peer, now_us, received)


def _encode_again(self: Any, store: Any, event: Event, *given: Any) -> bool:
    """Stores what this version would have written instead of the bytes that came."""
    body = envelope.encode_body(event.body)
    return _store(self, store, replace(event, raw=replace(event.raw, body=body)), *given)


def _without_link(self: Any, store: Any, event: Event, *given: Any) -> bool:
    """Takes an event whose predecessor is not here."""
    if event.seq > 1 and store.stream(event.stream) is not None and store.place_of(event.raw.hash) is None:
        place = store.insert(event, "", 0)
        given[-1].stored.append(Stored(event, place, ""))
        return True
    return _store(self, store, event, *given)


def _any_site(self: Any, store: Any, event: Event, *given: Any) -> bool:
    place, self._place = self._place, replace(self._place, tenant=event.body.tenant, site=event.body.site)
    try:
        return _store(self, store, event, *given)
    finally:
        self._place = place


def _no_fork_doubt(self: Any, store: Any, event: Event, stream: Any, received: Any) -> list[str]:
    return _doubts(self, store, event, structs.replace(stream, head_seq=0), received)


def _decode_trusting(raw: RawEvent) -> Event:
    """Believes the hash that is told."""
    try:
        return Event(raw, envelope._decoder.decode(raw.body))
    except Exception as error:
        raise BadEvent("undecodable") from error


def _drop_waiting(self: Any, held: Any, recv_at: int) -> None:
    return None


def _uncommitted(self: MemoryJournal) -> Any:
    return MemoryStore(self._working or self.committed)


def _told_most(self: Any, peer: str, ends: Any, branches: Any = None) -> set[UUID]:
    """Believes for ever what a peer once confirmed."""
    known = self._peers.setdefault(peer, holdings._Peer())
    for tip in ends:
        known.ends[tip.stream] = max(tip.seq, known.ends.get(tip.stream, 0))
    return set()


class _TrustingCentre(centre.SimCentre):
    """`SET leitstand.site` by the client decides whose rows are read."""

    claimed: ClassVar[dict[UUID, tuple[UUID, UUID]]] = {}

    def session_of(self, who: centre.Session, question: Any) -> centre.Session:
        hello = getattr(question, "hello", None)
        if hello is not None:
            self.claimed[who.station] = (hello.tenant, hello.site)
        return centre.Session(*self.claimed.get(who.station, (who.tenant, who.site)), who.station)


# --- clocks, streams -------------------------------------------------------------------------------------------------


def _follow(self: hlc.HybridClock, remote: int) -> bool:
    with self._lock:
        self._last = max(self._last, remote)
        return True


def _wall_only(self: hlc.HybridClock) -> int:
    self._last = self._wall() << 16
    return self._last


_why = anchor.why_new_stream


def _no_anchor(head: Any, mark: Any, then: str, now: str, knows: Any) -> str:
    return _why(head, None, then, now, knows)


def _no_fingerprint(head: Any, mark: Any, then: str, now: str, knows: Any) -> str:
    return _why(head, mark, now, now, knows)


# --- merge rules -----------------------------------------------------------------------------------------------------


def _last_writer(self: registers.Register[Any]) -> tuple[bytes, ...]:
    top = max(self._values, key=lambda by: (self._values[by][0], by), default=None)
    return () if top is None else (top,)


def _arrival_order(self: registers.Register[Any], by: bytes) -> tuple[int, int, bytes]:
    return (0, list(self._values).index(by), by)


def _put_replaces_all(self: registers.Register[Any], by: bytes, hlc: int, value: Any, parents: Any = ()) -> None:
    """Any value with parents replaces all that stand."""
    if parents:
        self._superseded.update(self._values)
    self._values[by] = (hlc, value)
    self._superseded.update(parents)
    self._heads = None


def _put_known_only(self: registers.Register[Any], by: bytes, hlc: int, value: Any, parents: Any = ()) -> None:
    """Forgets parents that arrive later."""
    self._values[by] = (hlc, value)
    self._superseded.update(parent for parent in parents if parent in self._values)
    self._heads = None


def _last_shelf(self: shelving.Shelf) -> Any:
    values = self._register._values
    heads = self._register.heads()
    return values[max(heads, key=lambda by: values[by][0])][1] if heads else None


def _longest_shelf(self: shelving.Shelf) -> Any:
    values = self._register.values()
    if not values or any(value is None for value in values):
        return None
    return max(values, key=lambda value: value.until_us)


def _acked_through(self: acknowledgements.AckSet, occurred: Any) -> tuple[Any, ...]:
    """Everything up to the newest time ever acknowledged."""
    standing = self.standing()
    top = max((one.seen_through_us for one in standing), default=0)
    return standing if standing and occurred.start_us <= top else ()


def _edit_one_parent(command: Any, incident: Any) -> Any:
    decision = _edit(command, incident)
    return replace(decision, parents=decision.parents[:1])


def _settle_one_parent(command: Any, incident: Any, moves: Any) -> Any:
    decision = _resolve(command, incident, moves)
    return replace(decision, parents=decision.parents[:1])


_edit, _resolve = incidents.edit, incident_settling.resolve


def _whole_at_once(self: Any, arrived: Any) -> list[Any]:
    return list(arrived)


@contextmanager
def _one_parent() -> Iterator[None]:
    from tests.sim import acts

    with patch.object(incidents, "edit", _edit_one_parent), patch.object(acts, "resolve", _settle_one_parent):
        yield


@contextmanager
def _no_cap() -> Iterator[None]:
    def uncapped(through_us: int, _now_us: int) -> int:
        return through_us

    with (
        patch.object(acknowledgement, "seen_through_us", uncapped),
        patch.object(acknowledgements, "seen_through_us", uncapped),
    ):
        yield


@contextmanager
def _least_open() -> Iterator[None]:
    """The most closed of several states wins."""
    kept = dict(case._RANK)
    case._RANK.update({state: -rank for state, rank in kept.items()})
    from tests.sim import acts

    acts.RANK = kept
    try:
        yield
    finally:
        case._RANK.update(kept)
        acts.RANK = case._RANK


@contextmanager
def _no_trust() -> Iterator[None]:
    with patch.object(receiving, "trust_in", lambda *_: []), patch.object(revoking, "trust_in", lambda *_: []):
        yield


def _believe(self: station.Station, peer: str, ends: Sequence[Tip]) -> None:
    """Whoever names an unknown end of our stream is right."""
    _on_vector(self, peer, ends)
    own: Any = self._own
    self.write(lambda store: any(own.on_foreign_end(store, tip.stream, tip.hash) for tip in ends), lambda _: None)


_on_vector = station.Station.on_vector


def _serial(one: world.World) -> None:
    one.pulls_by_serial = True


def _no_poll(one: world.World) -> None:
    one.polls = False


def _trusting_centre(one: world.World) -> None:
    one.centre = _TrustingCentre()


def _real_trust(one: world.World) -> None:
    one.trust = seals.RealTrust()


R = receiving.Receiver
DEFECTS: tuple[Defect, ...] = (
    Defect("vector of highest seqs", swap(conversation, "compare", _compare_by_seq), "fork", None, ("clone",)),
    Defect("key is (stream, seq)", swap(R, "_store", _one_per_place), "", None, ("clone",)),
    Defect("fork not joined", swap(conversation, "_join", _no_join), "fork", None, ("clone",)),
    Defect("fork not marked", swap(R, "_doubts", _no_fork_doubt), "", None, ("clone",)),
    Defect("pull by a bigserial", nothing, "", _serial),
    Defect("wake-ups instead of polls", nothing, "", _no_poll),
    Defect("client says its site", nothing, "rejected", _trusting_centre),
    Defect("receipt before commit", swap(MemoryJournal, "read", _uncommitted)),
    Defect(
        "receipts believed for ever",
        swap(holdings.Holdings, "told", _told_most),
        "receipt_regress",
        None,
        ("centre_restore",),
    ),
    Defect("a lost centre believed", swap(holdings.Holdings, "only", lambda *_: set()), "", None, ("centre_restore",)),
    Defect("forked receipts believed", swap(holdings.Holdings, "forked", lambda *_: set()), "", None, ("clone",)),
    Defect("body encoded again", swap(R, "_store", _encode_again)),
    Defect("hash not checked", swap(receiving, "decode_event", _decode_trusting), "", None, ("forge",)),
    Defect("signature not checked", swap(seals, "check_seal", lambda event, key: None), "", None, ("forge",)),
    Defect("certificate not checked", swap(seals, "check_certificate", lambda *_, **__: None), "", _real_trust),
    Defect("site not checked", swap(R, "_store", _any_site)),
    Defect("link not checked", swap(R, "_store", _without_link)),
    Defect("waiting events dropped", swap(MemoryStore, "hold", _drop_waiting)),
    Defect("duplicates projected again", swap(R, "_store", _publish_again)),
    Defect("unknown kinds dropped", swap(R, "_store", _known_only), "", None, ("upgrade",)),
    Defect("poison refused", swap(R, "_store", _refuse_poison), "rejected", None, ("poison",)),
    Defect("wrong clocks refused", swap(R, "_store", _refuse_clock), "rejected", None, ("clock",)),
    Defect("clock follows poison", swap(hlc.HybridClock, "observe", _follow), "", None, ("clock",)),
    Defect("clock falls back", swap(hlc.HybridClock, "tick", _wall_only), "", None, ("clock",)),
    Defect("anchor ignored", swap(station, "why_new_stream", _no_anchor), "", None, ("restore",)),
    Defect("fingerprint ignored", swap(station, "why_new_stream", _no_fingerprint), "", None, ("clone",)),
    Defect(
        "unknown own event ignored",
        swap(own_stream.OwnStream, "on_foreign_end", lambda *_: False),
        "fork",
        None,
        ("clone",),
    ),
    Defect("group shown early", swap(groups.Groups, "complete", _whole_at_once)),
    Defect("last writer wins", swap(registers.Register, "heads", _last_writer)),
    Defect("order of arrival", swap(registers.Register, "_order", _arrival_order), "divergence"),
    Defect("any edit replaces all", swap(registers.Register, "put", _put_replaces_all), "divergence"),
    Defect("late parents forgotten", swap(registers.Register, "put", _put_known_only), "divergence"),
    Defect("settled with one parent", _one_parent),
    Defect("last shelf wins", swap(shelving.Shelf, "granted", _last_shelf)),
    Defect("longest shelf wins", swap(shelving.Shelf, "granted", _longest_shelf)),
    Defect("acknowledged up to the newest", swap(acknowledgements.AckSet, "covering", _acked_through)),
    Defect("acknowledged into the future", _no_cap),
    Defect("un-acknowledging ignored", swap(acknowledgements.AckSet, "take_back", lambda *_: False)),
    Defect("closed wins over open", _least_open),
    Defect("revoked users unnoticed", swap(people_history.PeopleHistory, "judge", lambda *_: "")),
    Defect("countersignature ignored", swap(people_history.PeopleHistory, "countersigned_by", lambda *_: b"")),
    Defect("revoked stations unnoticed", _no_trust, "", None, ("revoke",)),
    Defect("streams open to anybody", swap(receiving, "may_open", lambda *_: True), "", None, ("betray",)),
    Defect("torn transactions taken", swap(receiving, "goes_on", lambda *_: True), "", None, ("betray",)),
    Defect("stream left on a mere word", swap(station.Station, "on_vector", _believe), "", None, ("boast",)),
    Defect("own revocation unnoticed", swap(station, "flag_by_own", lambda *_: set()), "", None, ("revoke",)),
    Defect("full disk unnoticed", swap(MemoryJournal, "fill", lambda self: None), "", None, ("fill_disk",)),
)
