"""Bytes from outside: envelopes, messages of stations and carried files never crash a reader or fill its memory."""

import asyncio
import random
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.services.journal.envelope import BadEvent, RawEvent, decode_event, hash_of
from console.services.journal.receiving import Received
from console.services.journal.table_store import TableStore
from console.services.storage.database import reader_engine
from console.services.sync import messages as m
from console.services.sync.carry import check_carry, pieces
from console.services.sync.carry_file import BadCarry
from console.services.sync.conversation import answer
from tests.services.sync.test_carry import exporter
from tests.support.journals import SITE, StationJournal, note, started

_QUIET = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
CASES = settings(max_examples=150, deadline=None, suppress_health_check=_QUIET)
MANY = settings(max_examples=25_000, deadline=None, suppress_health_check=_QUIET)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_FIELDS = (
    "v", "tenant", "site", "station", "stream", "seq", "prev", "id", "hlc", "wall_us", "etype", "ever", "entity_type",
    "entity_id", "payload", "tx_id", "tx_n", "tx_i", "parents", "roles", "reason", "min_reader", "mono_ms",
)  # fmt: skip


def _event() -> RawEvent:
    body = {
        "v": 1, "tenant": str(UUID(int=0)), "site": str(SITE), "station": str(UUID(int=5)), "stream": str(UUID(int=6)),
        "seq": 1, "prev": "00" * 32, "id": str(UUID(int=7)), "hlc": f"{1 << 60:016x}", "wall_us": 1, "etype": "x.y",
        "ever": 1, "entity_type": "x", "entity_id": "y", "payload": {}, "tx_id": str(UUID(int=8)),
    }  # fmt: skip
    encoded = msgspec.json.encode(body)
    return RawEvent(hash_of(bytes(32), encoded), encoded, bytes(64))


@st.composite
def _envelopes(draw: st.DrawFn) -> RawEvent:
    """Noise; a sound body with strange values in some fields, its hash right all the same; or one with turned bits."""
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return RawEvent(draw(st.binary(max_size=40)), draw(st.binary(max_size=400)), draw(st.binary(max_size=70)))
    raw = _event()
    if kind == 1:
        fields = msgspec.json.decode(raw.body)
        for name in draw(st.lists(st.sampled_from(_FIELDS), min_size=1, max_size=4)):
            fields[name] = draw(_JSON | st.integers(-(2**70), 2**70) | st.just("f" * 64) | st.just("-1"))
        try:
            body = msgspec.json.encode(fields)
        except (UnicodeEncodeError, OverflowError, msgspec.MsgspecError):
            body = b"{}"
        prev = fields["prev"]
        try:
            before = bytes.fromhex(prev) if isinstance(prev, str) else bytes(32)
        except ValueError:
            before = bytes(32)
        return RawEvent(hash_of(before, body), body, draw(st.binary(max_size=70)))
    body = bytearray(raw.body)
    for at in draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=6)):
        body[at] ^= draw(st.integers(1, 255))
    return RawEvent(hash_of(bytes(32), bytes(body)), bytes(body), raw.sig)


def _decodes_or_is_refused(raw: RawEvent) -> None:
    try:
        event = decode_event(raw)
    except BadEvent:
        return
    assert event.seq >= 1
    assert 0 <= event.hlc < 2**63
    assert len(event.prev) == 32


@contextmanager
def _store(folder: Path) -> Iterator[TableStore]:
    """A journal with a few events, for reading."""
    path = folder / "fuzz" / "A1" / "journal.db"
    if not path.exists():

        async def story() -> None:
            (a,) = await started(folder / "fuzz", "A1")
            for number in range(20):
                await a.act(note(f"{number}"), note("again"))
            a.close()

        asyncio.run(story())
    engine = reader_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            yield TableStore(connection)
    finally:
        engine.dispose()


_HELLO = m.Hello(SITE, UUID(int=5), "A1")
_INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 60)
_UUIDS = st.uuids() | st.just(UUID(int=6))
_HASHES = st.binary(max_size=40)
_QUESTIONS = st.one_of(
    st.builds(m.AskVector, st.just(_HELLO)),
    st.builds(m.AskEvents, _UUIDS, _INTEGERS, _HASHES, _INTEGERS, _INTEGERS),
    st.builds(m.AskRanges, _UUIDS, st.lists(st.tuples(_INTEGERS, _INTEGERS), max_size=80).map(tuple)),
    st.builds(m.AskHashes, _UUIDS, _INTEGERS, _INTEGERS),
    st.builds(m.AskChosen, st.lists(_HASHES, max_size=20).map(tuple), _INTEGERS),
    st.builds(m.Give, st.lists(_envelopes(), max_size=3).map(tuple)),
)


@st.composite
def _message_bytes(draw: st.DrawFn) -> bytes:
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(m.encode(draw(_QUESTIONS)))
    if kind == 1:
        for at in draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=5)):
            data[at] ^= draw(st.integers(1, 255))
        return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)
    return bytes(data)


def _is_read_and_answered_or_refused(store: TableStore, data: bytes) -> None:
    for decode in (m.decode_question, m.decode_answer):
        try:
            told: Any = decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if decode is m.decode_question:
            reply = answer(store, told, _HELLO)
            assert len(m.encode(reply)) < 4 << 20


def _stick(folder: Path) -> bytes:
    path = folder / "stick"
    if not path.exists():

        async def story() -> None:
            (a,) = await started(folder / "source", "A1")
            for number in range(6):
                await a.act(note(f"{number}"))
            exporter(a).journal_beyond(path, None)
            a.close()

        asyncio.run(story())
    return path.read_bytes()


def _broken_stick(content: bytes, rnd: random.Random) -> bytes:
    """A carried file that somebody bent on purpose: frames with right sums around wrong content, in another order,
    twice, cut, or of enormous length."""
    altered = bytearray(content)
    way = rnd.randrange(5)
    if way == 0:
        for _ in range(rnd.randint(1, 8)):
            altered[rnd.randrange(len(altered))] = rnd.randrange(256)
        return bytes(altered)
    if way == 1:
        return bytes(altered[: rnd.randrange(len(altered))]) + rnd.randbytes(rnd.randint(0, 50))
    frames, magic = _frames(content), content[: content.index(b"\n") + 1]
    if way == 2:
        rnd.shuffle(frames)
    elif way == 3:
        frames.insert(rnd.randrange(len(frames)), rnd.choice(frames))
    made = [magic]
    for kind, payload in frames:
        bent = bytearray(payload)
        if way == 4 and bent and rnd.random() < 0.7:
            for _ in range(rnd.randint(1, 4)):
                bent[rnd.randrange(len(bent))] = rnd.randrange(256)
        made.append(struct.pack(">cII", kind, len(bent), zlib.crc32(bent, zlib.crc32(kind))) + bytes(bent))
    return b"".join(made)


def _frames(content: bytes) -> list[tuple[bytes, bytes]]:
    at, found = content.index(b"\n") + 1, []
    while at < len(content):
        kind, length, _ = struct.unpack(">cII", content[at : at + 9])
        found.append((kind, content[at + 9 : at + 9 + length]))
        at += 9 + length
    return found


def _is_whole_or_refused(path: Path, content: bytes, original: bytes, place: Any) -> None:
    path.write_bytes(content)
    try:
        checked = check_carry(path, place, b"")
    except BadCarry:
        return
    assert content == original or checked.events >= 0
    assert content == original, "only the very bytes that the station signed are taken"


@pytest.mark.proves("SEC-26", "INV-24")
@CASES
@given(_envelopes())
def test_an_envelope_is_read_or_refused(raw: RawEvent) -> None:
    _decodes_or_is_refused(raw)


@pytest.mark.proves("SEC-26", "INV-24")
@settings(max_examples=25, deadline=None, suppress_health_check=_QUIET)
@given(st.lists(_envelopes(), max_size=8))
def test_a_receiver_goes_on_whatever_it_is_sent(tmp_path: Path, raws: list[RawEvent]) -> None:
    async def story() -> Received:
        station = StationJournal(tmp_path / "B2", "B2")
        await station.start()
        try:
            received = await station.log.receive(raws, "x")
            await station.act(note("goes on"))
        finally:
            station.close()
        return received

    received = asyncio.run(story())
    assert len(received.stored) == 0, "nothing of this is signed by anybody"


@pytest.mark.proves("SEC-26")
@CASES
@given(_message_bytes())
def test_what_a_station_is_asked_is_answered_with_a_bounded_answer_or_refused(tmp_path: Path, data: bytes) -> None:
    with _store(tmp_path) as store:
        _is_read_and_answered_or_refused(store, data)


@pytest.mark.proves("SEC-26", "P12")
def test_a_bent_stick_is_refused_whatever_was_bent(tmp_path: Path) -> None:
    content = _stick(tmp_path)
    place = _place(tmp_path)
    rnd = random.Random(11)
    for _ in range(300):
        _is_whole_or_refused(tmp_path / "bent", _broken_stick(content, rnd), content, place)


def _place(folder: Path) -> Any:
    station = StationJournal(folder / "taker", "T1")
    station.close()
    return station.place


@pytest.mark.proves("SEC-26")
def test_pieces_for_the_door_hold_every_event_once_in_its_order() -> None:
    rnd = random.Random(3)
    raws = [
        RawEvent(bytes([n % 256]) * 32, rnd.randbytes(rnd.choice((10, 3000, 65536))), bytes(64)) for n in range(300)
    ]
    told = list(pieces(raws))
    assert [raw for piece in told for raw in piece] == raws
    assert max(sum(len(raw.body) for raw in piece) for piece in told) < 600 << 10


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.proves("SEC-26")
@MANY
@given(_envelopes())
def test_many_envelopes_are_read_or_refused(raw: RawEvent) -> None:
    _decodes_or_is_refused(raw)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.proves("SEC-26")
def test_many_questions_are_answered_or_refused(tmp_path: Path) -> None:
    with _store(tmp_path) as store:

        @MANY
        @given(_message_bytes())
        def ask(data: bytes) -> None:
            _is_read_and_answered_or_refused(store, data)

        ask()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.proves("SEC-26", "P12")
def test_many_bent_sticks_are_refused(tmp_path: Path) -> None:
    content, place, rnd = _stick(tmp_path), _place(tmp_path), random.Random(12)
    for _ in range(50_000):
        _is_whole_or_refused(tmp_path / "bent", _broken_stick(content, rnd), content, place)
