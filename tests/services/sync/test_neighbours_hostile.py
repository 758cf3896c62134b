"""Whatever is said on the topics of neighbours: it is counted, it is seen, and nothing else happens."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from console.services.journal.keys import FileKey
from console.services.sync import messages as m
from console.services.sync import neighbour_frames as nf
from console.services.sync import neighbour_words as words
from tests.support.broker import Broker, running_broker
from tests.support.journals import SITE, note
from tests.support.neighbourhood import Neighbour, Stranger, neighbour
from tests.support.synced import until, until_equal

ROOT = f"leitstand/v1/{SITE.hex}"


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as one:
        yield one


def frame(key: FileKey, sender: UUID, kind: str, data: bytes, **more: object) -> bytes:
    part = nf.Part(kind, SITE, sender, nf.ALL, 5, 1, 0, 0, 1, data)
    return nf.frames_of(nf.msgspec.structs.replace(part, **more), key.sign)[0]


async def still_agree(a: Neighbour, b: Neighbour) -> None:
    before = len(await a.hashes())
    await a.act(note("after the noise"))
    await until_equal(a, b, at_least=before + 1)


@pytest.mark.proves("SEC-22", "SEC-26", "P39")
def test_noise_forgery_and_wrong_sites_are_counted_and_change_nothing(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
            await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet")
            own, other = a.place.station, b.place.station
            thief = FileKey.load_or_create(tmp_path / "thief")
            fresh = words.encode(words.Fresh(()))
            with Stranger(broker) as stranger:
                live = f"{ROOT}/live/{other.hex}"
                stranger.say(live, b"\x00garbage")
                stranger.say(live, b"LSN1" + bytes(200))
                stranger.say(live, b"LSN9" + bytes(200))
                stranger.say(live, bytes(nf.MAX_FRAME + 10))
                stranger.say(live, bytes(2 << 20))
                stranger.say(live, frame(thief, other, "live", fresh))
                stranger.say(live, frame(b.key, own, "live", fresh))
                stranger.say(live, frame(b.key, other, "live", fresh, site=uuid4()))
                stranger.say(live, frame(b.key, other, "ask", b""))
                stranger.say(live, frame(b.key, other, "live", b"\xc1not msgpack"))
                stranger.say(f"{ROOT}/say/{own.hex}/{other.hex}", frame(b.key, other, "say", b"", to=own, request=9))
                stranger.say(f"{ROOT}/head/{other.hex}", frame(thief, other, "head", b"x"))
                stranger.say(f"{ROOT}/ask/{own.hex}/{other.hex}", frame(b.key, other, "ask", b"what?", to=own))
                huge = m.encode(m.AskEvents(uuid4(), 2**63, bytes(32)))
                ask = frame(b.key, other, "ask", huge, to=own, number=2)
                stranger.say(f"{ROOT}/ask/{own.hex}/{other.hex}", ask)
                stranger.say(f"{ROOT}/live/not-hex", b"x")
                kinds = (
                    "garbage", "garbled", "other_version", "forged", "forged_sender", "wrong_site", "wrong_address",
                    "undecodable", "unasked", "oversize", "out_of_range", "bad_topic",
                )  # fmt: skip
                await until(lambda: all(a.heard.counted(kind) for kind in kinds), f"all of {kinds}")
                assert a.heard.counted("oversize") == 2
            await still_agree(a, b)
            assert a.heard.twins == 0

    asyncio.run(story())


@pytest.mark.proves("P13", "P40")
def test_old_frames_said_again_are_known_as_old(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        with Stranger(broker) as stranger:
            async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
                await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet")
                await b.act(note("once"))
                await until_equal(a, b, at_least=3)
                for topic, payload, _ in tuple(stranger.heard) * 3:
                    stranger.say(topic, payload)
                await until(lambda: a.heard.counted("replayed") + a.heard.counted("unasked") >= 6, "all of them")
                await still_agree(a, b)
                assert len(await a.hashes()) == 4
                assert a.heard.state("B2") == "live"

    asyncio.run(story())


@pytest.mark.proves("SEC-38")
def test_a_flood_of_a_thousand_a_second_does_not_keep_an_act_from_the_neighbour(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
            await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet")
            thief = FileKey.load_or_create(tmp_path / "thief")
            forged = frame(thief, uuid4(), "live", bytes(2000))
            sender = nf.read_frame(forged).part.sender
            with Stranger(broker) as stranger:
                for _ in range(1000):
                    stranger.say(f"{ROOT}/live/{sender.hex}", forged)
                    stranger.say(f"{ROOT}/head/{sender.hex}", frame(thief, sender, "head", b"?"))
                await still_agree(a, b)
                await until(lambda: a.heard.counted("flood") > 1000, "the flood is counted")
            assert a.heard.state("B2") == "live"

    asyncio.run(story())


@pytest.mark.proves("INV-13")
def test_a_console_that_uses_our_name_is_noticed(tmp_path: Path, broker: Broker) -> None:
    """Its key is another: somebody copied station.toml. With the same key see the copied data folder below."""

    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path / "copy", "A1", broker) as copy:
            await until(lambda: a.heard.twins > 0 and copy.heard.twins > 0, "both say so")
            assert a.heard.counted("twin") > 0

    asyncio.run(story())


def test_our_own_last_word_that_the_broker_kept_is_no_other_console(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker), neighbour(tmp_path, "B2", broker) as b:
            await until(lambda: b.heard.state("A1") == "live", "they meet")
        broker.kill()
        broker.start()
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
            await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet again")
            assert a.heard.twins == b.heard.twins == 0

    asyncio.run(story())


@pytest.mark.proves("P39")
def test_two_sites_at_one_broker_know_nothing_of_each_other(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with (
            neighbour(tmp_path, "A1", broker) as a,
            neighbour(tmp_path, "B2", broker) as b,
            neighbour(tmp_path, "C3", broker, site=uuid4()) as other,
        ):
            await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet")
            await other.act(note("secret"))
            await still_agree(a, b)
            assert set(a.heard.peers) == {"neighbour:B2"}
            assert other.heard.peers == {}

    asyncio.run(story())


@pytest.mark.proves("P10", "INV-24")
def test_a_stream_with_an_event_that_cannot_be_taken_rests_and_the_others_go_on(tmp_path: Path, broker: Broker) -> None:
    async def story() -> None:
        async with neighbour(tmp_path, "A1", broker) as a, neighbour(tmp_path, "B2", broker) as b:
            refused = a.place.station
            b.log._receiver._enrolled = lambda _opening, station: station != refused
            await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet")
            for number in range(5):
                await a.act(note(f"{number}"))
                await b.act(note(f"{number}"))
            await until(lambda: a.log.event_count == 12, "A has everything of B")
            room = b.neighbours._room
            assert room is not None
            await until(lambda: bool(room.peers[refused].resting), "B lets A's stream rest")
            assert b.log.event_count == 6

    asyncio.run(story())
