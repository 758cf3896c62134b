"""A stream's id says who may open it, and a transaction is one piece of its chain: whoever lies costs only himself."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.facts import IncidentNoted
from console.domain.identity import may_open, stream_id, uuid7
from console.services.journal.envelope import RawEvent, decode_event, hash_of
from console.services.journal.event_table import Stored
from console.services.journal.groups import Groups
from console.services.journal.keys import FileKey
from console.services.journal.receiving import NOT_ITS_STREAM, TORN_GROUP
from console.services.journal.verify import verify_journal
from tests.support.journals import StationJournal, note, started


def _signed(folder: Path, fields: dict[str, object]) -> RawEvent:
    body = msgspec.json.encode(fields)
    event_hash = hash_of(bytes.fromhex(str(fields["prev"])), body)
    return RawEvent(event_hash, body, FileKey.load_or_create(folder / "keys").sign(event_hash))


def _fields(raw: RawEvent) -> dict[str, object]:
    fields: dict[str, object] = msgspec.json.decode(raw.body)
    return fields


def _texts(station: StationJournal) -> list[str]:
    return [entry.fact.text for entry in station.seen if isinstance(entry.fact, IncidentNoted)]


@given(st.binary(max_size=40), st.uuids(), st.binary(min_size=32, max_size=32))
def test_an_id_can_be_opened_by_its_own_station_and_key_alone(chance: bytes, station: UUID, key: bytes) -> None:
    made = stream_id(chance, station, key)
    assert stream_id(chance + b"later", station, key) != made
    assert (made.version, made.variant) == (8, "specified in RFC 4122")
    assert may_open(made, station, key)
    assert not may_open(made, UUID(int=station.int ^ 1), key)
    assert not may_open(made, station, key[::-1] + b"x")


def test_ids_of_before_this_was_so_belong_to_whoever_opened_them() -> None:
    assert may_open(uuid7(1, 2), uuid4(), b"any")


@pytest.mark.proves("P39", "SEC-22", "INV-13")
@pytest.mark.parametrize("squatter_first", [True, False])
def test_a_station_cannot_open_the_stream_of_another_not_even_where_that_is_unknown(
    tmp_path: Path, squatter_first: bool
) -> None:
    async def story() -> None:
        a, x, b = await started(tmp_path, "A1", "X8", "B2")
        await a.act(note("the owner's"))
        genuine = await a.all_events()
        opening = _fields(genuine[0])
        own = _fields((await x.all_events())[0])
        payload = {**own["payload"], "stream": opening["stream"]}  # type: ignore[dict-item]
        squat = _signed(tmp_path / "X8", {**own, "stream": opening["stream"], "entity_id": "x", "payload": payload})
        order = [[squat], genuine] if squatter_first else [genuine, [squat]]
        received = [await b.log.receive(batch, "peer") for batch in order]
        (rejected,) = [one for part in received for one in part.rejected]
        assert rejected.hash == squat.hash
        assert rejected.reason == NOT_ITS_STREAM if squatter_first else rejected.reason
        assert _texts(b) == ["the owner's"], "the true owner has his stream"
        told = await b.database.readers.read(lambda c: c.exec_driver_sql("SELECT hash FROM rejected").scalars().all())
        assert told == [squat.hash], "and everybody sees what was set apart"
        for station in (a, x, b):
            station.close()
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("INV-10", "INV-5")
@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"tx_n": 2}, 1),  # claims to be the first of two, and the next is no second
        ({"tx_i": 1, "tx_n": 2}, 1),  # begins in the middle
        ({"tx_n": 4}, 2),  # leaves the number it began with
        ({"tx_i": 2}, 2),  # leaves one out
    ],
)
def test_an_event_that_does_not_fit_into_its_transaction_is_set_apart_with_what_follows(
    tmp_path: Path, changed: dict[str, int], at: int
) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("1"), note("2"), note("3"))
        await a.act(note("4"))
        opening, *events = await a.all_events()
        chain, prev = [opening], opening.hash
        for number, raw in enumerate(events, 1):
            fields = {**_fields(raw), "prev": prev.hex()}
            if number == at:
                fields |= changed
            chain.append(_signed(tmp_path / "A1", fields))
            prev = chain[-1].hash
        received = await b.log.receive(chain, "a")
        assert received.rejected[0].reason == TORN_GROUP
        assert len(received.stored) < len(chain) - 1
        assert _texts(b) == [], "nothing of it is shown, now or after a replay"
        again: list[object] = []
        await b.log.replay(again.extend)
        assert sum(isinstance(getattr(one, "fact", None), IncidentNoted) for one in again) == 0
        a.close()
        b.close()

    asyncio.run(story())


@given(st.randoms(use_true_random=False))
def test_which_groups_are_whole_never_depends_on_the_order(rnd: object) -> None:
    """Two groups of one id, one of them forked in its middle, and one that never becomes whole."""
    whole, waiting = _two_groups()
    everything = [*whole, *waiting]
    rnd.shuffle(everything)  # type: ignore[attr-defined]
    groups, shown = Groups(), []
    for one in everything:
        shown += groups.complete([one])
    assert sorted(one.event.raw.hash for one in shown) == sorted(one.event.raw.hash for one in whole)


def _two_groups() -> tuple[list[Stored], list[Stored]]:
    tx = uuid4()

    def made(name: str, prev: bytes, place: int) -> Stored:
        event = decode_event(_made(name, prev, place, tx))
        return Stored(event, 1, "A1")

    first = made("a0", b"\1" * 32, 0)
    middle = made("a1", first.event.raw.hash, 1)
    ends = [made(name, middle.event.raw.hash, 2) for name in ("a2", "a2'")]
    again = made("b0", b"\2" * 32, 0)
    lonely = made("b1", again.event.raw.hash, 1)
    return [first, middle, *ends], [again, lonely]


def _made(name: str, prev: bytes, place: int, tx: UUID) -> RawEvent:
    nobody = str(UUID(int=1))
    fields = {
        "v": 1, "tenant": nobody, "site": nobody, "station": nobody, "stream": nobody, "seq": 10 + place,
        "prev": prev.hex(), "id": nobody, "hlc": "0" * 16, "wall_us": 0, "etype": name, "ever": 1, "entity_type": "x",
        "entity_id": "x", "payload": {}, "tx_id": str(tx), "tx_n": 3, "tx_i": place,
    }  # fmt: skip
    body = msgspec.json.encode(fields)
    return replace(RawEvent(b"", body, b""), hash=hash_of(prev, body))
