"""A journal carried by hand: what is beyond a vector arrives once and whole, and a bad file is refused as a whole."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from console.domain.facts import IncidentNoted
from console.domain.refusal import Refused
from console.services.identity.certificates import Authority, make_certificate
from console.services.journal.envelope import RawEvent
from console.services.journal.keys import FileKey
from console.services.journal.verify import verify_journal
from console.services.storage.database import reader_engine
from console.services.sync.carry import Checked, Told, Trial, check_carry, enrolled_by, take_in, told_of
from console.services.sync.carry_export import Exporter
from console.services.sync.carry_file import BadCarry, CarryReader
from tests.support.journals import MovedClock, StationJournal, note, started


def exporter(station: StationJournal, certificate: str = "") -> Exporter:
    key = FileKey.load_or_create(station.path.parent / "keys")
    return Exporter(station.path, station.place, key, certificate, MovedClock())


async def bring(station: StationJournal, path: Path) -> tuple[Checked, Told]:
    async def take(raws: list[RawEvent], peer: str) -> Told:
        return told_of(await station.log.receive(raws, peer))

    checked = check_carry(path, station.place, b"")
    return checked, await take_in(checked, take)  # type: ignore[arg-type]


def texts(station: StationJournal) -> list[str]:
    return [entry.fact.text for entry in station.seen if isinstance(entry.fact, IncidentNoted)]


@pytest.mark.proves("P12", "P13", "INV-8", "INV-10")
def test_a_stick_carries_a_journal_to_an_island_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        for number in range(30):
            await a.act(note(f"{number}.a"), note(f"{number}.b"))
        exported = exporter(a).journal_beyond(tmp_path / "stick", None)
        checked, told = await bring(b, tmp_path / "stick")
        assert (exported.events, told.stored, told.known, told.held, told.rejected) == (61, 61, 0, 0, 0)
        assert (checked.sha256, checked.events) == (exported.sha256, 61)
        assert texts(b) == texts(a)
        _, again = await bring(b, tmp_path / "stick")
        assert (again.stored, again.known) == (0, 61)
        a.close()
        b.close()
        assert verify_journal(b.path).is_sound

    asyncio.run(story())


@pytest.mark.proves("P13")
def test_only_what_the_other_side_lacks_is_carried_and_both_end_equal(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        for number in range(10):
            await a.act(note(f"a{number}"))
            await b.act(note(f"b{number}"))
        exporter(a).journal_beyond(tmp_path / "1", None)
        await bring(b, tmp_path / "1")
        for number in range(10, 13):
            await a.act(note(f"a{number}"))
        exporter(b).vector(tmp_path / "vector-of-b")
        exported = exporter(a).journal_beyond(tmp_path / "2", tmp_path / "vector-of-b")
        assert exported.events == 3
        _, told = await bring(b, tmp_path / "2")
        assert (told.stored, told.known) == (3, 0)
        # any carried file tells what its writer had
        assert exporter(b).journal_beyond(tmp_path / "3", tmp_path / "2").events == 11
        await bring(a, tmp_path / "3")
        assert await a.hashes() == await b.hashes()
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("P3", "INV-8")
@pytest.mark.parametrize("seed", range(6))
def test_whatever_both_sides_hold_of_a_cloned_station_two_sticks_make_them_equal(tmp_path: Path, seed: int) -> None:
    rnd = random.Random(seed)

    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        for number in range(rnd.randint(0, 40)):
            await a.act(note(f"{number}"))
        a.close()
        clone = tmp_path / "clone"
        (clone / "keys").mkdir(parents=True)
        for name in ("journal.db", "keys/station.pem"):
            (clone / name).write_bytes((tmp_path / "A1" / name).read_bytes())
        first = await StationJournal(tmp_path / "A1", "A1").start()
        second = await StationJournal(clone, "A1").start()
        for number in range(rnd.randint(1, 60)):
            await first.act(note(f"first {number}"))
        for number in range(rnd.randint(0, 60)):
            await second.act(note(f"second {number}"))
        b, c = await started(tmp_path, "B2", "C3")
        everything = await first.all_events(), await second.all_events()
        await b.log.receive(everything[0], "x")
        await b.log.receive(everything[1][: rnd.randint(0, len(everything[1]))], "x")
        await c.log.receive(everything[1], "x")
        await c.log.receive(everything[0][: rnd.randint(0, len(everything[0]))], "x")
        for number, (sender, taker) in enumerate(((b, c), (c, b))):
            exporter(taker).vector(tmp_path / f"vector{number}")
            exporter(sender).journal_beyond(tmp_path / f"stick{number}", tmp_path / f"vector{number}")
            _, told = await bring(taker, tmp_path / f"stick{number}")
            assert (told.held, told.rejected) == (0, 0)
        assert await b.hashes() == await c.hashes()
        for station in (first, second, b, c):
            station.close()

    asyncio.run(story())


def _written(folder: Path) -> bytes:
    async def story() -> None:
        a, _b = await started(folder, "A1", "B2")
        for number in range(5):
            await a.act(note(f"{number}"))
        exporter(a).journal_beyond(folder / "stick", None)
        a.close()
        _b.close()

    asyncio.run(story())
    return (folder / "stick").read_bytes()


@pytest.mark.proves("P12", "SEC-22", "SEC-26")
def test_a_file_cut_at_any_byte_or_with_any_bit_turned_is_refused_before_its_first_event(tmp_path: Path) -> None:
    content = _written(tmp_path)
    place = StationJournal(tmp_path / "B2", "B2")
    place.close()
    bad = tmp_path / "bad"
    for size in range(len(content)):
        bad.write_bytes(content[:size])
        with pytest.raises(BadCarry):
            check_carry(bad, place.place, b"")
    rnd = random.Random(7)
    for offset in range(len(content)):
        altered = bytearray(content)
        altered[offset] ^= 1 << rnd.randrange(8)
        bad.write_bytes(altered)
        with pytest.raises(BadCarry):
            check_carry(bad, place.place, b"")
    bad.write_bytes(content + b"x")
    with pytest.raises(BadCarry):
        check_carry(bad, place.place, b"")
    bad.write_bytes(content)
    assert check_carry(bad, place.place, b"").events == 6


@pytest.mark.proves("INV-31", "P39")
def test_a_stick_of_another_site_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        (b,) = await started(tmp_path, "B2")
        foreign = await StationJournal(tmp_path / "f", "F1", site=uuid4()).start()
        exporter(foreign).journal_beyond(tmp_path / "stick", None)
        with pytest.raises(BadCarry, match="of another site"):
            await bring(b, tmp_path / "stick")
        exporter(foreign).vector(tmp_path / "vector")
        with pytest.raises(BadCarry, match="of another site"):
            exporter(b).journal_beyond(tmp_path / "out", tmp_path / "vector")
        assert not (tmp_path / "out").exists()
        foreign.close()
        b.close()

    asyncio.run(story())


@pytest.mark.proves("SEC-50")
def test_a_stick_of_a_station_that_the_authority_does_not_know_is_refused(tmp_path: Path) -> None:
    authority, other = Authority.create(tmp_path), Authority.create(_made(tmp_path / "other"))

    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        key = FileKey.load_or_create(tmp_path / "A1" / "keys").public_key

        def certificate(by: Authority) -> str:
            place = a.place
            return make_certificate(
                by, site=place.site, station=place.station, code=place.code, public_key=key, issued_us=1
            )

        for number, (text, is_taken) in enumerate(
            (("", False), (certificate(other), False), (certificate(authority), True))
        ):
            path = tmp_path / f"stick{number}"
            exporter(a, text).journal_beyond(path, None)
            if is_taken:
                assert check_carry(path, b.place, authority.public_key).events == 1
            else:
                with pytest.raises(BadCarry, match="not enrolled"):
                    check_carry(path, b.place, authority.public_key)
        a.close()
        b.close()

    asyncio.run(story())


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.proves("SEC-22")
def test_a_file_signed_rightly_cannot_smuggle_an_event_that_its_station_did_not_sign(tmp_path: Path) -> None:
    async def story() -> None:
        a, b, c = await started(tmp_path, "A1", "B2", "C3")
        await a.act(note("true"))
        await c.log.receive(await a.all_events(), "a")
        c.close()
        content = c.path.read_bytes()
        assert content.count(b'"text":"true"') == 1
        c.path.write_bytes(content.replace(b'"text":"true"', b'"text":"trux"'))
        exporter(c).journal_beyond(tmp_path / "stick", None)
        _, told = await bring(b, tmp_path / "stick")
        assert told.rejected == 1
        assert list(told.reasons) == ["hash does not fit the bytes"]
        assert "trux" not in texts(b)
        a.close()
        b.close()

    asyncio.run(story())


def test_an_event_without_its_predecessor_waits_and_is_said_to(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        for number in range(4):
            await a.act(note(f"{number}"))
        exporter(a).vector(tmp_path / "vector")
        await a.act(note("late"))
        exporter(a).journal_beyond(tmp_path / "stick", tmp_path / "vector")
        _, told = await bring(b, tmp_path / "stick")
        assert (told.stored, told.held) == (0, 1)
        exporter(a).journal_beyond(tmp_path / "all", None)
        _, told = await bring(b, tmp_path / "all")
        assert told.stored == 6
        assert "late" in texts(b)
        a.close()
        b.close()

    asyncio.run(story())


def test_a_dry_run_tells_what_an_import_would_do_and_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"))
        exporter(a).journal_beyond(tmp_path / "first", None)
        await bring(b, tmp_path / "first")
        await a.act(note("two"), note("three"))
        exporter(a).journal_beyond(tmp_path / "second", None)
        before = await b.hashes()
        engine = reader_engine(b.path)
        with engine.connect() as connection:
            trial = Trial(connection, b.place, enrolled_by(b.place.site, b""))
            told = await take_in(check_carry(tmp_path / "second", b.place, b""), trial)
        engine.dispose()
        assert (told.stored, told.known, told.held, told.rejected) == (2, 2, 0, 0)
        assert await b.hashes() == before
        a.close()
        b.close()

    asyncio.run(story())


@pytest.mark.parametrize("given_up_at", [1, 500])
def test_an_export_that_is_given_up_leaves_no_file(tmp_path: Path, given_up_at: int) -> None:
    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        for _ in range(10):
            await a.act(*(note(f"{n}") for n in range(100)))
        with pytest.raises(Refused, match="given up"):
            exporter(a).journal_beyond(tmp_path / "stick", None, lambda done, _of_all: done < given_up_at)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["A1"]
        (tmp_path / "mine").write_text("keep")
        with pytest.raises(Refused, match="exists"):
            exporter(a).journal_beyond(tmp_path / "mine", None)
        a.close()

    asyncio.run(story())


@pytest.mark.proves("P12", "INV-10")
def test_a_frame_never_ends_within_a_transaction(tmp_path: Path) -> None:
    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        for size in (3, 199, 200, 150, 200, 1, 200):
            await a.act(*(note(f"{n}") for n in range(size)))
        exporter(a).journal_beyond(tmp_path / "stick", None)
        a.close()

    asyncio.run(story())
    with (tmp_path / "stick").open("rb") as file:
        sizes = [len(frame) for frame in CarryReader(tmp_path / "stick", file).frames()]
    assert sum(sizes) == 954
    ends = {1, 4, 203, 403, 553, 753, 754, 954}
    total = 0
    for size in sizes:
        total += size
        assert total in ends


@pytest.mark.proves("SEC-26")
@pytest.mark.parametrize(
    "hostile",
    [
        lambda: b"",
        lambda: b"LEITSTAND",
        lambda: b"LEITSTAND CARRY 1\n" + b"H\xff\xff\xff\xff\0\0\0\0" + b"x" * 100,
        lambda: b"\x1f\x8b" + bytes(4000),
        lambda: b"LEITSTAND CARRY 1\n" + bytes(4000),
    ],
)
def test_what_is_no_carried_file_is_said_to_be_none(tmp_path: Path, hostile: Callable[[], bytes]) -> None:
    (tmp_path / "x").write_bytes(hostile())
    station = StationJournal(tmp_path / "B2", "B2")
    station.close()
    with pytest.raises(BadCarry, match="x "):
        check_carry(tmp_path / "x", station.place, b"")
