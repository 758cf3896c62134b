"""The proof finds a stream that is not its opener's and a transaction that is not whole, by the receivers' rule."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from console.domain.identity import stream_id, uuid7
from console.services.journal import archive_file as form
from console.services.journal.archive_file import Manifest
from console.services.journal.envelope import FIRST, RawEvent, decode_event, hash_of
from console.services.journal.event_table import Stream, add_stream, insert_event
from console.services.journal.keys import FileKey
from console.services.journal.receiving import NOT_ITS_STREAM, TORN_GROUP
from console.services.journal.verify import verify_journal
from console.services.journal.verify_archive import verify_folder
from console.services.journal.verify_groups import CUT_IN, CUT_SHORT, NOT_WHOLE
from console.services.journal.verify_report import VerifyReport
from console.services.storage.schema import open_journal_db
from tests.support.journals import StationJournal, note, started

Fields = dict[str, object]
UNFINISHED = "the rest of the last transaction is not here yet"


def fields_of(raw: RawEvent) -> Fields:
    told: Fields = msgspec.json.decode(raw.body)
    return told


def chained(key: FileKey, bodies: list[Fields]) -> list[RawEvent]:
    """The bodies numbered, chained and signed anew, as only the owner of the key can."""
    chain: list[RawEvent] = []
    for seq, fields in enumerate(bodies, 1):
        prev = chain[-1].hash if chain else FIRST
        body = msgspec.json.encode({**fields, "seq": seq, "prev": prev.hex()})
        event_hash = hash_of(prev, body)
        chain.append(RawEvent(event_hash, body, key.sign(event_hash)))
    return chain


def history(folder: Path, seed: int) -> tuple[FileKey, list[Fields]]:
    """A station's chain of groups of one to six events, as it wrote them itself."""
    chance = random.Random(seed)

    async def story() -> list[RawEvent]:
        station = await StationJournal(folder, "A1").start()
        for act in range(8):
            await station.act(*(note(f"{act}.{n}") for n in range(chance.choice((1, 2, 3, 6)))))
        events = await station.all_events()
        station.close()
        return events

    return FileKey.load_or_create(folder / "keys"), [fields_of(raw) for raw in asyncio.run(story())]


def smuggled(path: Path, key: bytes, station: UUID, chain: list[RawEvent]) -> VerifyReport:
    """A journal file that somebody filled past the receiver, proven."""
    first = decode_event(chain[0])
    database = open_journal_db(path)

    def fill(connection) -> None:  # type: ignore[no-untyped-def]
        add_stream(connection, Stream(first.stream, station, "A1", key, False, 0, FIRST), first.hlc, None)
        for raw in chain:
            insert_event(connection, decode_event(raw), "", 1)

    async def filled() -> None:
        await database.writer.write(fill)

    asyncio.run(filled())
    database.close()
    return verify_journal(path)


def places(report: VerifyReport) -> list[tuple[int, str]]:
    return [(one.seq, one.reason) for one in report.breaks]


def with_id(bodies: list[Fields], stream: UUID) -> list[Fields]:
    opening = {**bodies[0], "payload": {**bodies[0]["payload"], "stream": str(stream)}}  # type: ignore[dict-item]
    return [{**one, "stream": str(stream)} for one in (opening, *bodies[1:])]


@pytest.mark.proves("P39", "SEC-20")
@pytest.mark.parametrize("seed", range(3))
def test_a_stream_under_an_id_of_another_station_or_key_is_found_at_its_opening(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    key, bodies = history(tmp_path / "a", seed)
    station = UUID(str(bodies[0]["station"]))
    other = FileKey.load_or_create(tmp_path / "other").public_key
    ids = {
        "own": stream_id(chance.randbytes(8), station, key.public_key),
        "old": uuid7(chance.randrange(1 << 40), chance.getrandbits(80)),
        "other station": stream_id(chance.randbytes(8), UUID(int=station.int ^ 1), key.public_key),
        "other key": stream_id(chance.randbytes(8), station, other),
    }
    turned = UUID(int=ids["own"].int ^ (1 << chance.randrange(60)))
    for name, stream in {**ids, "a turned bit": turned}.items():
        chain = chained(key, with_id(bodies, stream))
        report = smuggled(tmp_path / f"{name}.db", key.public_key, station, chain)
        assert (report.streams, report.unbound) == (1, int(name == "old"))
        if name in ("own", "old"):
            assert report.is_sound, (name, report.breaks)
        else:
            assert [(one.stream, one.seq, one.reason) for one in report.breaks] == [(str(stream), 1, NOT_ITS_STREAM)]


def without(at: int) -> Callable[[list[Fields]], list[Fields]]:
    return lambda bodies: bodies[:at] + bodies[at + 1 :]


def changed(at: int, **values: object) -> Callable[[list[Fields]], list[Fields]]:
    return lambda bodies: [*bodies[:at], {**bodies[at], **values}, *bodies[at + 1 :]]


def damages(bodies: list[Fields], chance: random.Random) -> dict[str, list[Fields]]:
    """Each way to tear a group that more follows."""
    ends = [at for at, one in enumerate(bodies[:-1]) if one["tx_n"] > 2 and one["tx_i"] == one["tx_n"] - 1]  # type: ignore[operator]
    last = chance.choice(ends)
    size = int(str(bodies[last]["tx_n"]))
    start = last - size + 1
    between = chance.randrange(start + 1, last)
    return {
        "its first is missing": without(start)(bodies),
        "one between is missing": without(between)(bodies),
        "its last is missing": without(last)(bodies),
        "another number": changed(between, tx_n=size + 1)(bodies),
        "another transaction": changed(between, tx_id=str(uuid4()))(bodies),
        "an index twice": changed(between, tx_i=0)(bodies),
        "two swapped": [*bodies[: last - 1], bodies[last], bodies[last - 1], *bodies[last + 1 :]],
        "more than the opening": changed(0, tx_n=2)(bodies),
        "an opening in the middle": changed(0, tx_i=1, tx_n=2)(bodies),
    }


@pytest.mark.proves("INV-10", "SEC-20", "P12")
@pytest.mark.parametrize("seed", range(2))
def test_a_torn_transaction_is_found_where_a_receiver_would_refuse_it(tmp_path: Path, seed: int) -> None:
    key, bodies = history(tmp_path / "a", seed)
    station = UUID(str(bodies[0]["station"]))
    whole = smuggled(tmp_path / "whole.db", key.public_key, station, chained(key, bodies))
    assert whole.is_sound
    assert whole.groups == sum(one["tx_i"] == 0 for one in bodies) == 9

    async def refused(folder: Path, chain: list[RawEvent]) -> tuple[int, str]:
        (receiver,) = await started(folder, "B2")
        received = await receiver.log.receive(chain, "a")
        receiver.close()
        return received.rejected[0].seq, received.rejected[0].reason

    for name, torn in damages(bodies, random.Random(seed)).items():
        chain = chained(key, clocked(torn))
        report = smuggled(tmp_path / f"{name}.db", key.public_key, station, chain)
        seq, reason = asyncio.run(refused(tmp_path / name, chain))
        assert reason == TORN_GROUP
        assert places(report)[0] == (seq, NOT_WHOLE), name
        assert {why for _, why in places(report)} == {NOT_WHOLE}, name


def clocked(bodies: list[Fields]) -> list[Fields]:
    """Their stamps in order again: only the groups are torn."""
    return [{**one, "hlc": stamp} for one, stamp in zip(bodies, sorted(str(b["hlc"]) for b in bodies), strict=True)]


@pytest.mark.proves("INV-10", "P12")
def test_a_transaction_whose_rest_has_not_come_is_a_hint_as_receivers_keep_it_too(tmp_path: Path) -> None:
    key, bodies = history(tmp_path / "a", 7)
    while bodies[-1]["tx_n"] == 1 or bodies[-1]["tx_i"] != 0:  # the first of several, cut there
        bodies = bodies[:-1]
    chain = chained(key, bodies)

    async def story() -> Path:
        (receiver,) = await started(tmp_path, "B2")
        received = await receiver.log.receive(chain, "a")
        assert not received.rejected
        receiver.close()
        return receiver.path

    told = smuggled(tmp_path / "cut.db", key.public_key, UUID(str(bodies[0]["station"])), chain)
    received = verify_journal(asyncio.run(story()))
    for report in (told, received):
        assert report.is_sound
        assert [(one.seq, one.reason) for one in report.notes] == [(len(chain), UNFINISHED)]


def sealed(folder: Path, key: FileKey, chain: list[RawEvent], **told: object) -> Path:
    """An archived part of these events, sealed as a station seals."""
    events = [decode_event(raw) for raw in chain]
    first, last, body = events[0], events[-1], events[0].body
    public = key.public_key.hex()
    manifest = Manifest(
        v=1, site=body.site, tenant=body.tenant, stream=body.stream, from_seq=first.seq, to_seq=last.seq,
        first_prev=first.prev.hex(), last_hash=last.raw.hash.hex(), count=len(events),
        merkle_root=form.merkle_root(form.leaf(one.seq, one.raw.hash, one.prev) for one in events).hex(),
        first_us=1, last_us=2, sealed_us=3, station=body.station, code="A1", public_key=public,
        stream_station=body.station, stream_code="A1", stream_key=public,
    )  # fmt: skip
    manifest = msgspec.structs.replace(manifest, **told)
    folder.mkdir(parents=True)
    with (folder / form.name_of(manifest)).open("wb") as file:
        form.write_segment(file, form.seal(manifest, key.sign), chain)
    return folder


@pytest.mark.proves("P30", "INV-10", "SEC-20")
@pytest.mark.parametrize("seed", range(4))
def test_an_archived_part_is_of_whole_transactions_and_of_its_own_station(tmp_path: Path, seed: int) -> None:
    key, bodies = history(tmp_path / "a", seed)
    chain = chained(key, bodies)
    report = verify_folder(sealed(tmp_path / "whole", key, chain), None)
    assert (report.faults, report.groups, len(report.streams)) == ([], 9, 1)
    start = next(at for at, one in enumerate(bodies) if one["tx_n"] > 1 and one["tx_i"] == 0)  # type: ignore[operator]
    expected = {
        "cut in": (sealed(tmp_path / "cut in", key, chain[start + 1 :]), start + 2, CUT_IN),
        "cut short": (sealed(tmp_path / "cut short", key, chain[: start + 1]), start + 1, CUT_SHORT),
        "stranger": (sealed(tmp_path / "stranger", key, chain, stream_station=uuid4()), 1, NOT_ITS_STREAM),
    }
    for name, torn in damages(bodies, random.Random(seed)).items():
        folder = sealed(tmp_path / "torn" / name, key, chained(key, clocked(torn)))
        found = verify_folder(folder, None).faults
        assert found and all("a transaction is not whole" in one for one in found), name
    for name, (folder, seq, why) in expected.items():
        found = verify_folder(folder, None).faults
        assert any(one.endswith(f"stream {bodies[0]['stream']} seq {seq}: {why}") for one in found), (name, found)


def test_a_damaged_event_of_an_archived_part_does_not_make_its_neighbours_suspect(tmp_path: Path) -> None:
    key, bodies = history(tmp_path / "a", 3)
    folder = sealed(tmp_path / "out", key, chained(key, bodies))
    (file,) = form.segments_in(folder)
    data = bytearray(file.read_bytes())
    at = data.index(b'"text":"3.0"')
    data[at + 9] ^= 1
    file.write_bytes(data)
    (fault,) = verify_folder(folder, None).faults
    assert "hash does not fit" in fault
