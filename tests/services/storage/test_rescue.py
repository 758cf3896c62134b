"""A damaged journal: noticed before it is opened, set aside, brought back, refilled; a torn tail is no damage."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.refusal import Refused
from console.services.journal.envelope import RawEvent, decode_event
from console.services.journal.verify import verify_journal
from console.services.storage.anchor import AnchorMark
from console.services.storage.backup import BackupSources, backup_name, make_backup
from console.services.storage.bit_heal import healed, healed_signature
from console.services.storage.journal_health import damage_of, note_damage, whole_check
from console.services.storage.page_salvage import committed_pages
from console.services.storage.rescue import RescuePlan, events_in, prepare_journal
from console.services.storage.start_mark import StartMark, Why, clear_mark, read_mark
from tests.support.journals import START_US, MovedClock, StationJournal, note

PAGE = 4096


def act(folder: Path, count: int, *, close: bool = True, length: int = 20) -> list[bytes]:
    """A station acts `count` times; the hashes it was told are durable, its opening first. Unclosed = as if killed."""

    async def story() -> list[bytes]:
        station = await StationJournal(folder, "K1", MovedClock(START_US)).start()
        for start in range(0, count, 50 if count > 200 else 1):
            numbers = range(start, min(count, start + 50)) if count > 200 else (start,)
            await station.act(*(note(f"{number} " + "x" * length) for number in numbers))
        hashes = [raw.hash for raw in sorted(await station.all_events(), key=lambda raw: raw.hash)]
        if close:
            station.close()
        else:
            copy_as_killed(folder)
            station.close()
            bring_back(folder)
        return hashes

    return asyncio.run(story())


def copy_as_killed(folder: Path) -> None:
    """What a power cut would leave: database and WAL as they are now."""
    for name in ("journal.db", "journal.db-wal"):
        (folder / f"{name}.cut").write_bytes((folder / name).read_bytes())


def bring_back(folder: Path) -> None:
    for name in ("journal.db", "journal.db-wal"):
        (folder / f"{name}.cut").replace(folder / name)


def plan(folder: Path, *backups: Path) -> RescuePlan:
    return RescuePlan(folder / "journal.db", StationJournal.place_of("K1").station, backups, START_US)


def stored(folder: Path) -> set[bytes]:
    async def story() -> set[bytes]:
        station = StationJournal(folder, "K1")
        try:
            return await station.hashes()
        finally:
            station.close()

    return asyncio.run(story())


def scribble(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def back_up(folder: Path, target: Path) -> Path:
    sources = BackupSources(folder, folder, folder / "site", StationJournal.place_of("K1").station, "K1")
    return make_backup(sources, target / backup_name("K1", START_US), START_US).file


def test_every_event_is_found_in_the_pages_of_a_sound_file(tmp_path: Path) -> None:
    hashes = act(tmp_path, 60)
    assert {raw.hash for raw in events_in(tmp_path / "journal.db")} == set(hashes)


def test_events_that_stand_in_the_wal_alone_are_found_too(tmp_path: Path) -> None:
    hashes = act(tmp_path, 60, close=False)
    assert (tmp_path / "journal.db-wal").stat().st_size > 60 * PAGE
    assert {raw.hash for raw in events_in(tmp_path / "journal.db")} == set(hashes)


def test_events_longer_than_a_page_are_found_across_their_overflow(tmp_path: Path) -> None:
    hashes = act(tmp_path, 20, length=8000)
    assert {raw.hash for raw in events_in(tmp_path / "journal.db")} == set(hashes)


@pytest.mark.proves("P35")
def test_a_sound_or_new_journal_is_left_alone(tmp_path: Path) -> None:
    assert prepare_journal(plan(tmp_path), None) is None
    act(tmp_path, 3)
    assert prepare_journal(plan(tmp_path), None) is None
    assert not list(tmp_path.glob("*.damaged*"))


def cut_off(path: Path, pages: int) -> None:
    with path.open("r+b") as file:
        file.truncate((pages - 3) * PAGE)


def zero_the_head(path: Path, pages: int) -> None:
    scribble(path, 0, bytes(PAGE))


def zero_the_end(path: Path, pages: int) -> None:
    scribble(path, (pages - 4) * PAGE, bytes(4 * PAGE))


def flip_in_the_newest_event(path: Path, pages: int) -> None:
    content = path.read_bytes()
    at = content.rindex(b'"etype":"incident.noted"')
    scribble(path, at + 10, bytes([content[at + 10] ^ 4]))


def no_database_at_all(path: Path, pages: int) -> None:
    path.write_bytes(random.Random(7).randbytes(5 * PAGE + 17))


@pytest.mark.proves("P35", "SEC-40", "SEC-16")
@pytest.mark.parametrize("with_backup", [True, False], ids=["with backup", "without"])
@pytest.mark.parametrize("damage", [cut_off, zero_the_head, zero_the_end, flip_in_the_newest_event, no_database_at_all])
def test_damage_is_seen_at_the_start_and_everything_that_can_be_proven_comes_back(
    tmp_path: Path, damage: Callable[[Path, int], None], with_backup: bool, log_lines: object
) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    folder, second, path = tmp_path / "k", tmp_path / "second", tmp_path / "k" / "journal.db"
    early = set(act(folder, 30))
    if with_backup:
        back_up(folder, second)
    everything = set(act(folder, 30))
    damage(path, path.stat().st_size // PAGE)
    spoiled = path.read_bytes()
    readable = {raw.hash for raw in events_in(path)}

    mark = prepare_journal(plan(folder, second), None)

    assert mark is not None
    assert mark == read_mark(folder)
    assert (mark.why, mark.set_aside) == (Why.SALVAGE, "journal.db.damaged-1")
    assert (folder / mark.set_aside).read_bytes() == spoiled
    assert bool(mark.backup) == with_backup
    now = stored(folder)
    assert now <= everything
    assert not with_backup or early <= now
    assert mark.events == len(now)
    assert len(now) + mark.waiting >= len(readable)
    assert verify_journal(path).is_sound
    assert damage_of(path) == ""
    assert prepare_journal(plan(folder, second), None) is None
    assert {fact.etype for fact in mark.facts()} >= {"database.set_aside"}
    clear_mark(folder)
    assert read_mark(folder) is None


@pytest.mark.proves("P35")
def test_a_broken_index_costs_no_event(tmp_path: Path, log_lines: object) -> None:
    """quick_check in the background finds what the quick look does not; the next start rescues."""
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    everything = set(act(tmp_path, 80))
    path = tmp_path / "journal.db"
    pages = path.stat().st_size // PAGE
    content = path.read_bytes()
    for number in range(1, pages):  # every leaf page of every index
        if content[number * PAGE] == 0x0A:
            scribble(path, number * PAGE + 3, b"\xff\xff\xff\xff")
    found = damage_of(path) or quick_check(path)
    assert found
    note_damage(path, found)
    mark = prepare_journal(plan(tmp_path), None)
    assert mark is not None
    assert stored(tmp_path) == everything
    assert verify_journal(path).is_sound


def quick_check(path: Path) -> str:
    async def story() -> str:
        station = StationJournal(path.parent, "K1")
        try:
            return await station.database.readers.read(whole_check)
        finally:
            station.close()

    return asyncio.run(story())


@pytest.mark.proves("P35")
def test_a_page_lost_in_the_middle_is_found_by_the_look_through_the_whole_file(tmp_path: Path) -> None:
    act(tmp_path, 1200)
    path = tmp_path / "journal.db"
    first = path.read_bytes().index(b'"text":"20 ')
    scribble(path, first // PAGE * PAGE, bytes(PAGE))
    assert damage_of(path) == ""
    assert quick_check(path)


@pytest.mark.proves("INV-15", "P4")
@pytest.mark.parametrize("is_empty", [True, False], ids=["empty", "missing"])
def test_a_journal_that_is_gone_although_an_anchor_tells_of_it_comes_from_the_backup(
    tmp_path: Path, log_lines: object, is_empty: bool
) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    folder, second = tmp_path / "k", tmp_path / "second"
    hashes = set(act(folder, 10))
    back_up(folder, second)
    (folder / "journal.db").unlink()
    if is_empty:
        (folder / "journal.db").touch()
    anchor = AnchorMark(StationJournal.place_of("K1").station, 3, b"x" * 32)
    mark = prepare_journal(plan(folder, second), anchor)
    assert mark is not None
    assert mark.backup
    assert stored(folder) == hashes


def test_the_stream_of_a_rescued_journal_is_never_continued(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    act(tmp_path, 5)
    note_damage(tmp_path / "journal.db", "a test says so")
    prepare_journal(plan(tmp_path), None)

    async def story() -> int:
        station = await StationJournal(tmp_path, "K1").start()
        await station.act(note("after"))
        streams = {entry.stream for entry in station.seen}
        old = await station.hashes()
        station.close()
        assert len(old) == 6 + 2
        return len(streams)

    assert asyncio.run(story()) == 1
    assert verify_journal(tmp_path / "journal.db").streams == 2


def test_unsent_acts_behind_a_destroyed_one_wait_for_it(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    act(tmp_path, 12)
    path = tmp_path / "journal.db"
    content = path.read_bytes()
    at = content.index(b'"text":"6 ')
    scribble(path, at + 9, b"?!#")
    mark = prepare_journal(plan(tmp_path), None)
    assert mark is not None
    assert (mark.salvaged, mark.waiting) == (7, 5)


def test_a_rescue_that_was_cut_short_is_finished_at_the_next_start(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    everything = set(act(tmp_path, 5))
    path = tmp_path / "journal.db"
    path.replace(tmp_path / "journal.db.rescued")  # the damaged file had left, the new one had not come
    assert prepare_journal(plan(tmp_path), None) is None
    assert stored(tmp_path) == everything
    (tmp_path / ".rescue").mkdir()
    (tmp_path / ".rescue" / "journal.db").write_bytes(b"half")
    note_damage(path, "cut short before anything was moved")
    assert prepare_journal(plan(tmp_path), None) is not None
    assert stored(tmp_path) == everything


def test_a_mark_that_cannot_be_read_still_opens_a_new_stream(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("mark of a restored journal")  # type: ignore[attr-defined]
    (tmp_path / "journal.mark").write_text('{"why": 5')
    assert read_mark(tmp_path) == StartMark(Why.RESTORED)


@pytest.mark.proves("INV-1")
@pytest.mark.parametrize("tail", [b"\xa5" * 9000, bytes(4120), b"\x00"])
def test_a_torn_tail_of_the_wal_is_no_damage_and_costs_nothing(tmp_path: Path, tail: bytes) -> None:
    hashes = set(act(tmp_path, 25, close=False))
    wal = tmp_path / "journal.db-wal"
    _, end = committed_pages(wal)
    with wal.open("r+b") as file:
        file.truncate(end)
        file.seek(end)
        file.write(tail)
    assert prepare_journal(plan(tmp_path), None) is None
    assert stored(tmp_path) == hashes


@given(seed=st.integers(0, 2**32), places=st.integers(1, 60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_whatever_make_the_search_fail_or_invent_an_event(
    tmp_path_factory: pytest.TempPathFactory, seed: int, places: int
) -> None:
    source = sound_journal(tmp_path_factory)
    content, chance = bytearray(source[0]), random.Random(seed)
    for _ in range(places):
        at = chance.randrange(len(content))
        content[at : at + chance.choice((1, 2, 8, 600))] = chance.randbytes(chance.choice((1, 2, 8, 600)))
    path = tmp_path_factory.mktemp("hurt") / "journal.db"
    path.write_bytes(content)
    assert {raw.hash for raw in events_in(path)} <= source[1]


_SOUND: list[tuple[bytes, set[bytes]]] = []


def sound_journal(factory: pytest.TempPathFactory) -> tuple[bytes, set[bytes]]:
    if not _SOUND:
        folder = factory.mktemp("sound")
        hashes = set(act(folder, 40, length=300))
        _SOUND.append(((folder / "journal.db").read_bytes(), hashes))
    return _SOUND[0]


def test_a_journal_that_may_not_be_read_is_the_worlds_fault_not_damage(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises((Refused, OSError)):
        prepare_journal(plan(tmp_path), None)


@pytest.mark.proves("P35")
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), part=st.sampled_from(["body", "hash", "sig"]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_in_an_event_is_found_and_put_right(
    tmp_path_factory: pytest.TempPathFactory, where: float, bit: int, part: str
) -> None:
    content, _ = sound_journal(tmp_path_factory)
    whole = claimed(tmp_path_factory, content)
    raw = whole[int(where * len(whole))]
    data = bytearray(getattr(raw, part))
    data[int(where * len(data))] ^= 1 << bit
    spoiled = replace(raw, **{part: bytes(data)})
    if part == "sig":
        key = bytes.fromhex(json.loads(opening(whole).body)["payload"]["public_key_hex"])
        event = healed_signature(decode_event(spoiled), key)
        assert event is not None
        assert event.raw == raw
    else:
        assert healed(spoiled) == raw


def test_what_two_flipped_bits_spoiled_is_not_guessed_at(tmp_path_factory: pytest.TempPathFactory) -> None:
    content, _ = sound_journal(tmp_path_factory)
    raw = claimed(tmp_path_factory, content)[5]
    data = bytearray(raw.body)
    data[10] ^= 1
    data[400] ^= 1
    assert healed(replace(raw, body=bytes(data))) is None


def claimed(factory: pytest.TempPathFactory, content: bytes) -> list[RawEvent]:
    path = factory.mktemp("whole") / "journal.db"
    path.write_bytes(content)
    return list(events_in(path))


def opening(events: list[RawEvent]) -> RawEvent:
    return next(raw for raw in events if json.loads(raw.body)["seq"] == 1)


@pytest.mark.proves("P35")
def test_an_old_flipped_bit_that_every_backup_carries_too_costs_nothing(tmp_path: Path, log_lines: object) -> None:
    log_lines.expect("is damaged")  # type: ignore[attr-defined]
    folder, second, path = tmp_path / "k", tmp_path / "second", tmp_path / "k" / "journal.db"
    everything = set(act(folder, 1200))
    content = path.read_bytes()
    scribble(path, content.index(b'"text":"20 ') + 8, b"3")  # '2' and '3' differ in one bit
    assert damage_of(path) == ""
    back_up(folder, second)
    note_damage(path, "hash does not fit the bytes")
    mark = prepare_journal(plan(folder, second), None)
    assert mark is not None
    assert (mark.backup, mark.waiting) == ("", 0)
    assert stored(folder) == everything
    assert verify_journal(path).is_sound
