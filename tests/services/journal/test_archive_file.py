"""A sealed part of a stream proves itself: every flipped bit is found, and found where it is."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.services.journal import archive_sealing
from console.services.journal.archive_file import (
    Manifest,
    check_segment,
    leaf,
    merkle_root,
    read_manifest,
    read_sealed,
    seal,
    segments_in,
)
from console.services.journal.archive_sealing import Sealer
from console.services.journal.keys import FileKey
from tests.support.archived import DAY_US, YEAR_US, PlantYear


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("archive")
    patch = pytest.MonkeyPatch()
    patch.setattr(archive_sealing, "NEAR", 5)

    async def story() -> None:
        async with PlantYear(folder / "A1", "A1") as plant:
            await plant.live(days=14, acts=4)
            plant.seal(folder / "out", plant.clock.now_us - 2 * DAY_US)

    asyncio.run(story())
    yield segments_in(folder / "out")[0]
    patch.undo()


def test_a_sealed_file_gives_every_event_back_as_it_was_written(segment: Path) -> None:
    seen: list[int] = []
    report = check_segment(segment, lambda event: seen.append(event.seq))
    sealed = read_sealed(segment)
    assert report.is_sound
    assert seen == list(range(sealed.manifest.from_seq, sealed.manifest.to_seq + 1))
    assert report.events == sealed.manifest.count > 30


@pytest.mark.proves("P30")
def test_any_flipped_bit_of_a_sealed_file_is_found_and_located(segment: Path, tmp_path: Path) -> None:
    whole, chance = segment.read_bytes(), random.Random(30)
    starts: dict[int, int] = {}
    at = len(whole) - sum(_lengths(segment))
    first = read_sealed(segment).manifest.from_seq
    for number, length in enumerate(_lengths(segment)):
        starts[at] = first + number
        at += length
    copy = tmp_path / segment.name
    places = [chance.randrange(len(whole)) for _ in range(60)]
    places += [start + offset for start in list(starts)[3:4] for offset in range(110)]  # every byte of a frame
    for place in places:
        altered = bytearray(whole)
        altered[place] ^= 1 << chance.randrange(8)
        copy.write_bytes(altered)
        report = check_segment(copy)
        assert report.faults, f"a bit of byte {place} was flipped and nobody saw it"
        about = [seq for start, seq in starts.items() if start <= place]
        expected = max(about, default=0)
        assert report.faults[0].seq == expected, f"byte {place} belongs to seq {expected}: {report.faults[0]}"


def _lengths(segment: Path) -> list[int]:
    lengths: list[int] = []
    check_segment(segment, lambda event: lengths.append(12 + 96 + len(event.raw.body)))
    return lengths


@pytest.mark.proves("P30")
@pytest.mark.parametrize("cut", [1, 50, 400, 5000])
def test_a_file_that_was_cut_off_says_from_where_on_events_are_missing(segment: Path, tmp_path: Path, cut: int) -> None:
    copy = tmp_path / segment.name
    copy.write_bytes(segment.read_bytes()[:-cut])
    report = check_segment(copy)
    assert report.faults
    assert report.faults[-1].seq >= read_sealed(segment).manifest.from_seq + report.events


def test_events_left_out_or_doubled_are_found(segment: Path, tmp_path: Path) -> None:
    whole, lengths = segment.read_bytes(), _lengths(segment)
    head = len(whole) - sum(lengths)
    start, end = head + sum(lengths[:5]), head + sum(lengths[:6])
    copy = tmp_path / segment.name
    copy.write_bytes(whole[:start] + whole[end:])
    assert not check_segment(copy).is_sound
    copy.write_bytes(whole[:end] + whole[start:end] + whole[end:])
    assert not check_segment(copy).is_sound
    copy.write_bytes(whole + whole[start:end])
    assert not check_segment(copy).is_sound


def test_a_manifest_that_somebody_else_signed_anew_names_his_key(segment: Path, tmp_path: Path) -> None:
    """The file proves itself; that the key is a station's is proven against the journal."""
    told, foreign = read_sealed(segment).manifest, FileKey.load_or_create(tmp_path / "foreign")
    again = seal(Manifest(**{name: getattr(told, name) for name in Manifest.__struct_fields__}), foreign.sign)
    assert not again.is_signed
    assert read_manifest(again.raw) == told


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_no_leaf_can_be_changed_dropped_or_moved_without_another_root(hashes: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf(n + 1, one, bytes(32)) for n, one in enumerate(hashes)]
    root, place = merkle_root(leaves), data.draw(st.integers(0, len(leaves) - 1))
    assert merkle_root(leaves[:place] + leaves[place + 1 :]) != root
    assert merkle_root([*leaves[:place], bytes(32), *leaves[place + 1 :]]) != root
    assert merkle_root([*leaves, leaves[-1]]) != root
    if len(leaves) > 1:
        assert merkle_root([root]) == root
        assert merkle_root(leaves[::-1]) != root


def test_what_is_asked_again_takes_over_the_file_that_is_there(tmp_path: Path) -> None:
    async def story() -> None:
        async with PlantYear(tmp_path / "A1", "A1") as plant:
            await plant.live(days=20)
            before = plant.clock.now_us - 5 * DAY_US
            with Sealer(plant.path, tmp_path / "out", plant.place, plant.key, plant.clock) as sealer:
                (part,) = sealer.plan(before).parts
                first = sealer.seal(part)
                again = sealer.seal(part)
                assert first.is_new
                assert not again.is_new
                assert again.sealed == first.sealed
                assert sealer.plan(before - YEAR_US).parts == ()

    asyncio.run(story())
