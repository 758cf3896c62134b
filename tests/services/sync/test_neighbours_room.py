"""The room without a broker: whatever is said in it, nothing escapes, and everything is acknowledged exactly once."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.services.journal.envelope import RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import Place
from console.services.journal.table_store import TableDisk
from console.services.records import CatchUp, LinkRecord, PeerRecord, PeerState, Trouble
from console.services.storage.database import reader_engine
from console.services.sync import messages as m
from console.services.sync import neighbour_frames as nf
from console.services.sync import neighbour_words as words
from console.services.sync.neighbour_peer import Self, Trust
from console.services.sync.neighbour_room import Room
from console.services.sync.neighbour_voice import Voice
from console.services.sync.neighbour_words import Now, Topics
from console.services.sync.profile_rows import ProfileNow
from tests.support.journals import SITE, StationJournal, note

OTHER = uuid5(SITE, "B2")
HIS_KEY = FileKey(Ed25519PrivateKey.generate())


class Clock:
    mono = 1000.0

    def now_us(self) -> int:
        return 1_790_000_000_000_000 + int(self.mono * 1e6)

    def mono_s(self) -> float:
        return self.mono


class Listener:
    """Implements `Ears`: what is handed over is done at once."""

    def __init__(self) -> None:
        self.records: list[PeerRecord] = []
        self.troubles_told: list[Trouble] = []
        self.twins = 0
        self.is_forgetful = False

    def events(self, _peer: str, _raws: list[RawEvent], then: Callable[[frozenset[UUID]], None]) -> None:
        if not self.is_forgetful:
            then(frozenset())

    def receipts(self, _peer: str, held: list[Tip], signatures: list[bytes]) -> None:
        assert len(held) == len(signatures)

    def vector(self, _peer: str, _ends: tuple[Tip, ...]) -> None: ...
    def peer(self, record: PeerRecord) -> None:
        self.records.append(record)

    def link(self, record: LinkRecord) -> None: ...
    def catch_up(self, progress: CatchUp) -> None: ...
    def twin(self) -> None:
        self.twins += 1

    def now(self, _station: UUID, _told: Now | None) -> None: ...
    def want_now(self, *, everything: bool) -> None: ...
    def digests(self, then: Callable[[dict[str, bytes]], None]) -> None:
        then({})

    def divergence(self, bucket: str, peer: str) -> None: ...
    def profiles(self, rows: Sequence[ProfileNow]) -> None:
        self.profiles_told = list(rows)

    def troubles(self, troubles: list[Trouble]) -> None:
        self.troubles_told += troubles

    def join(self, raw: bytes) -> None: ...
    def joined(self, raw: bytes) -> None: ...


class Stage:
    """A room whose wire is a list, and one neighbour in it."""

    def __init__(self, path: Path, place: Place) -> None:
        self.clock, self.ears = Clock(), Listener()
        self.said: list[tuple[str, bytes]] = []
        self.acked: list[int] = []
        self.topics = Topics(SITE, place.station)
        self.his = Topics(SITE, OTHER)
        self.connection = reader_engine(path).connect()
        key = FileKey(Ed25519PrivateKey.generate())
        voice = Voice(self.topics, key, 7, self._send)
        me = Self(Trust(place), "PC", key.public_key)
        self.room = Room(me, TableDisk(self.connection), voice, self.ears, self, self.clock, random.Random(1))
        self.number = 0
        self.room.on_live()
        self.say_head()

    def _send(self, topic: str, payload: bytes, _qos: int = 0, *, retain: bool = False) -> bool:
        assert len(payload) <= nf.MAX_FRAME
        assert not retain or len(payload) <= 1024
        self.said.append((topic, payload))
        return True

    def ack(self, mid: int) -> None:
        if mid:
            self.acked.append(mid)

    def hear(self, word: str, kind: str, data: bytes, request: int = 0) -> int:
        """Something properly signed by the neighbour; gives its message id."""
        self.number += 1
        self.clock.mono += 0.1
        is_addressed = word in ("ask", "say")
        to = self.topics.station if is_addressed else nf.ALL
        topic = f"{self.his.root}/{word}/" + (f"{to.hex}/" if is_addressed else "") + OTHER.hex
        for frame in nf.frames_of(nf.Part(kind, SITE, OTHER, to, 3, self.number, request, 0, 1, data), HIS_KEY.sign):
            self.room.take(topic.encode(), frame, False, self.number)
        return self.number

    def say_head(self, digest: bytes = b"") -> None:
        head = words.HeadNote("B2", "PC B2", HIS_KEY.public_key, b"", digest, self.clock.now_us())
        self.hear("head", "head", words.encode(head))

    def asked(self) -> nf.Part:
        """The newest question to the neighbour."""
        return next(
            nf.read_frame(payload).part for topic, payload in reversed(self.said) if f"/ask/{OTHER.hex}/" in topic
        )

    def state(self) -> str:
        return self.ears.records[-1].state


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("room")

    async def fill() -> Place:
        station = StationJournal(folder, "A1")
        await station.start()
        await station.act(note("x"), note("y"))
        station.close()
        return station.place

    made = Stage(folder / "journal.db", asyncio.run(fill()))
    yield made
    made.connection.close()


LANES = [(word, kind) for word, kinds in words.LANES.items() for kind in sorted(kinds)]
ids = st.uuids()
numbers = st.one_of(st.integers(-(2**70), 2**70), st.sampled_from([0, 1, 2**63 - 1, 2**63, -(2**63)]))
hashes = st.binary(max_size=40)
questions = st.one_of(
    st.builds(m.AskVector, st.builds(m.Hello, ids, ids, st.text(max_size=9), clock_us=numbers)),
    st.builds(m.AskEvents, ids, numbers, hashes, numbers, numbers),
    st.builds(m.AskRanges, ids, st.lists(st.tuples(numbers, numbers), max_size=70).map(tuple)),
    st.builds(m.AskHashes, ids, numbers, numbers),
    st.builds(m.AskChosen, st.lists(hashes, max_size=5).map(tuple), numbers),
    st.builds(m.Give, st.just(())),
)
heads = st.lists(st.builds(m.Head, ids, numbers, hashes), max_size=6).map(tuple)
answers = st.one_of(
    st.builds(m.Vector, st.builds(m.Hello, st.just(SITE), st.just(OTHER), st.just("B2"), clock_us=numbers), heads),
    st.builds(m.Events, st.lists(st.builds(RawEvent, hashes, st.binary(max_size=90), hashes), max_size=4).map(tuple)),
    st.builds(m.Ranges, st.lists(hashes, max_size=20).map(tuple)),
    st.builds(m.Hashes, st.lists(st.tuples(numbers, hashes), max_size=9).map(tuple)),
    st.builds(m.Took, numbers),
    st.builds(m.Refusal, st.text(max_size=50)),
)


def bytes_of(message: object) -> bytes:
    """Numbers that msgpack cannot hold are no messages."""
    try:
        return m.encode(message)  # type: ignore[arg-type]
    except OverflowError:
        return b""


@pytest.mark.proves("SEC-26")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LANES), st.one_of(st.binary(max_size=120), questions.map(bytes_of), answers.map(bytes_of)))
def test_whatever_a_neighbour_says_nothing_escapes_and_it_is_acknowledged_once(stage, lane, data):
    mid = stage.hear(*lane, data)
    stage.room.turn()
    assert stage.acked.count(mid) == 1


@pytest.mark.proves("SEC-26")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(answers.map(bytes_of), min_size=1, max_size=6))
def test_whatever_a_neighbour_answers_costs_its_own_exchange_at_most(stage, told):
    stage.clock.mono += 20
    stage.say_head(digest=bytes(32))
    stage.clock.mono += 1
    stage.room.turn()
    for data in told:
        stage.hear("say", "say", data, stage.asked().request)
        stage.clock.mono += 0.06
        stage.room.turn()
    stage.clock.mono += 20
    stage.say_head(digest=bytes(32))
    stage.clock.mono += 1
    before = len(stage.said)
    for _ in range(2):  # what is out is given up first
        stage.room.turn()
        stage.clock.mono += 0.1
    assert any("/ask/" in topic for topic, _payload in stage.said[before:]), "it is asked again"


@pytest.mark.proves("INV-12")
def test_a_live_event_is_acknowledged_only_once_it_is_durable(stage):
    stage.ears.is_forgetful = True
    try:
        mid = stage.hear("live", "live", words.encode(words.Fresh(())))
        stage.room.turn()
        assert mid not in stage.acked
    finally:
        stage.ears.is_forgetful = False


@pytest.mark.proves("INV-12", "P13")
def test_a_receipt_that_is_not_signed_by_the_neighbour_is_none(stage):
    with TableDisk(stage.connection).read() as store:
        (head, *_rest) = m.heads_of(store.tips())
    noted: list[Tip] = []
    stage.ears.receipts = lambda _peer, held, _signatures: noted.extend(held)
    good = HIS_KEY.sign(m.receipt_bytes(head))
    forged = FileKey(Ed25519PrivateKey.generate()).sign(m.receipt_bytes(head))
    for heads_told, signatures in [
        ((head,), (forged,)),
        ((head,), ()),
        ((m.Head(head.stream, 99, head.hash),), (good,)),
    ]:
        stage.hear("say", "receipts", words.encode(words.Receipts(heads_told, signatures)))
    assert noted == []
    stage.hear("say", "receipts", words.encode(words.Receipts((head,), (good,))))
    assert noted == [Tip(head.stream, head.seq, head.hash)]


def test_a_neighbour_whose_head_does_not_move_and_that_answers_nothing_is_lost_after_six_seconds(stage):
    stage.say_head()
    stage.room.turn()
    assert stage.state() in (PeerState.CONNECTING, PeerState.REFUSED, PeerState.LIVE)
    stage.clock.mono += 5
    stage.room.turn()
    assert stage.state() != PeerState.LOST
    stage.clock.mono += 2
    stage.room.turn()
    assert stage.state() == PeerState.LOST


def test_what_a_station_says_fits_a_packet_and_its_head_a_kilobyte(stage):
    kinds = {nf.read_frame(payload).part.kind for _topic, payload in stage.said}
    assert {"head", "ask"} <= kinds
    note_told = words.HeadNote("B2", "ü" * words.MAX_NAME, bytes(32), bytes(400), bytes(32), 2**50)
    (frame,) = nf.frames_of(
        nf.Part("head", SITE, OTHER, nf.ALL, 2**60, 2**40, 0, 0, 1, words.encode(note_told)), HIS_KEY.sign
    )
    assert len(frame) <= 1024
