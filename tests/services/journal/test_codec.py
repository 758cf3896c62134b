"""Facts, envelope and clock: what goes in comes out, what was altered is found, what is too much is refused."""

import dataclasses
import json
import types
import typing
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.facts import FACTS, AlarmAcknowledged, Fact, IncidentNoted, PreferenceSaved
from console.domain.refusal import Refused
from console.services.journal.envelope import FIRST, BadEvent, RawEvent, decode_event, hash_of
from console.services.journal.facts_codec import decode_fact, encode_fact, entity_id_of
from console.services.journal.hlc import HybridClock, as_text, wall_ms
from tests.support.journals import START_US, MovedClock

_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=200)
_INTEGER = st.integers(-(2**53) + 1, 2**53 - 1)


def _values(annotation: object) -> st.SearchStrategy[object]:
    known = {str: _TEXT, int: _INTEGER, UUID: st.uuids(), bool: st.booleans(), type(None): st.none()}
    if annotation in known:
        return known[annotation]  # type: ignore[index]
    if typing.get_origin(annotation) is tuple and typing.get_args(annotation)[-1] is not Ellipsis:
        return st.tuples(*map(_values, typing.get_args(annotation)))
    if typing.get_origin(annotation) is tuple:
        return st.lists(_values(typing.get_args(annotation)[0]), max_size=5).map(tuple)
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return st.one_of(*(_values(part) for part in typing.get_args(annotation)))
    if annotation is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    raise AssertionError(f"a fact with a field of {annotation}: say here how to make one")


@st.composite
def _facts(draw: st.DrawFn) -> Fact:
    kind = draw(st.sampled_from(sorted(FACTS.values(), key=lambda k: k.etype)))
    hints = typing.get_type_hints(kind)
    return kind(**{f.name: draw(_values(hints[f.name])) for f in dataclasses.fields(kind)})


@pytest.mark.proves("INV-4")
@given(_facts())
def test_every_fact_comes_back_as_it_went_in(fact: Fact) -> None:
    assert decode_fact(fact.etype, fact.ever, encode_fact(fact)) == fact


def test_ids_are_text_that_an_auditor_can_read() -> None:
    condition = uuid4()
    payload = encode_fact(AlarmAcknowledged(condition, 1, 2, "Überdruck"))
    assert payload.decode() == (
        f'{{"condition_id":"{condition}","start_us":1,"seen_through_us":2,"comment":"Überdruck"}}'
    )
    assert entity_id_of(AlarmAcknowledged(condition, 1, 2)) == str(condition)


def test_what_this_version_does_not_know_is_no_fact_and_no_error() -> None:
    assert decode_fact("plant.moved", 1, b'{"to":"moon"}') is None
    assert decode_fact("incident.noted", 99, b'{"incident_id":"x"}') is None
    assert decode_fact("incident.noted", 1, b'{"incident_id":5}') is None
    assert decode_fact("incident.noted", 1, b"\xff{") is None


@pytest.mark.proves("P8")
def test_fields_of_a_later_version_are_passed_over() -> None:
    incident = uuid4()
    payload = f'{{"incident_id":"{incident}","text":"t","colour":"red"}}'.encode()
    assert decode_fact("incident.noted", 1, payload) == IncidentNoted(incident, "t")


@pytest.mark.parametrize(
    "fact",
    [
        IncidentNoted(uuid4(), "x" * 8193),
        IncidentNoted(uuid4(), "€" * 2731),
        IncidentNoted(uuid4(), "nul \0 inside"),
        IncidentNoted(uuid4(), "half a pair \ud800"),
        AlarmAcknowledged(uuid4(), 2**53, 1),
        AlarmAcknowledged(uuid4(), float("nan"), 1),  # type: ignore[arg-type]
        AlarmAcknowledged(uuid4(), float("inf"), 1),  # type: ignore[arg-type]
    ],
)
def test_what_the_journal_cannot_carry_is_refused(fact: Fact) -> None:
    with pytest.raises(Refused):
        encode_fact(fact)


def test_a_text_of_the_full_length_is_taken() -> None:
    fact = PreferenceSaved("u", "layout", "x" * 8192)
    assert decode_fact(fact.etype, 1, encode_fact(fact)) == fact


@pytest.mark.proves("SEC-26")
@given(st.binary(max_size=300))
def test_noise_from_outside_is_refused_and_never_a_crash(noise: bytes) -> None:
    with pytest.raises(BadEvent):
        decode_event(RawEvent(hash_of(bytes(32), noise), noise, b""))


@pytest.mark.proves("INV-16", "INV-32", "P6")
@given(st.lists(st.tuples(st.integers(-(10**16), 10**16), st.integers(0, 2**62)), max_size=40))
def test_the_logical_clock_rises_whatever_the_wall_clock_and_the_others_do(steps: list[tuple[int, int]]) -> None:
    wall = MovedClock()
    clock = HybridClock(wall)
    stamps = []
    for now, remote in steps:
        wall.now_us = now
        clock.observe(remote)
        stamps.append(clock.tick())
    assert stamps == sorted(set(stamps))
    assert [as_text(s) for s in stamps] == sorted(as_text(s) for s in stamps)


@pytest.mark.proves("INV-16", "P7")
@given(st.integers(0, 10 * 365 * 86_400_000))
def test_a_station_that_is_days_ahead_never_moves_our_clock(ahead_ms: int) -> None:
    wall = MovedClock()
    clock = HybridClock(wall)
    followed = clock.observe((START_US // 1000 + ahead_ms) << 16)
    assert followed == (ahead_ms <= 300_000)
    assert wall_ms(clock.tick()) <= START_US // 1000 + 300_000


def test_many_stamps_in_one_millisecond_stay_apart() -> None:
    clock = HybridClock(MovedClock())
    stamps = [clock.tick() for _ in range(70_000)]
    assert len(set(stamps)) == 70_000


def _told(**changed: object) -> RawEvent:
    """A body as a hostile program would write it, correctly hashed."""
    nobody = str(UUID(int=1))
    body: dict[str, object] = dict.fromkeys(("tenant", "site", "station", "stream", "id", "tx_id"), nobody)
    body |= {"v": 1, "seq": 1, "prev": "00" * 32, "hlc": "0" * 16, "wall_us": 1, "etype": "x", "ever": 1}
    body |= {"entity_type": "a", "entity_id": "b", "payload": {}, **changed}
    encoded = json.dumps(body).encode()
    return RawEvent(hash_of(FIRST, encoded), encoded, b"")


@pytest.mark.proves("P10")
@pytest.mark.parametrize(
    "changed",
    [
        {"parents": ["no hash"]},
        {"parents": ["00"]},
        {"parents": ["00" * 32] * 65},
        {"wall_us": 2**63},
        {"ever": 2**70},
        {"seq": 0},
        {"policy_ver": -(2**60)},
        {"tx_n": 10**9},
        {"tx_n": 2, "tx_i": 2},
        {"tx_n": 2, "tx_i": -1},
        {"hlc": f"{2**63:x}"},
        {"hlc": "-1"},
    ],
)
def test_an_envelope_that_would_stop_a_reader_is_not_taken(changed: dict[str, object]) -> None:
    assert decode_event(_told()).body.etype == "x"
    with pytest.raises(BadEvent):
        decode_event(_told(**changed))


@pytest.mark.proves("INV-17")
@pytest.mark.parametrize("year", [-5000, 1601, 1970, 2300, 9999])
def test_no_event_is_refused_for_its_clock(year: int) -> None:
    wall_us = (year - 1970) * 31_556_952_000_000
    stamp = HybridClock(MovedClock(wall_us)).tick()
    assert decode_event(_told(wall_us=wall_us, hlc=as_text(stamp))).hlc == stamp


@pytest.mark.proves("P10")
@pytest.mark.parametrize("payload", [b"[" * 30_000 + b"]" * 30_000, b'{"text": "\xff\xfe"}'])
def test_a_payload_that_would_stop_a_reader_is_not_taken(payload: bytes) -> None:
    encoded = _told().body.replace(b'"payload": {}', b'"payload": ' + payload)
    with pytest.raises(BadEvent):
        decode_event(RawEvent(hash_of(FIRST, encoded), encoded, b""))


def test_a_fact_that_is_nested_without_end_is_unknown() -> None:
    assert decode_fact("alarm.acknowledged", 1, b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}") is None
