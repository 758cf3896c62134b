"""All readers of foreign bytes, with spoilt good input: only their own refusals, and memory that stays bounded."""

import logging
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.fuzzing import Mutator, Reader, close, readers

CASES = 150  # of each reader; `-m soak` runs a million in all
MOST_GROWTH_KIB = 200 * 1024


@pytest.fixture(scope="module")
def all_readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Reader]]:
    yield readers(Path(tmp_path_factory.mktemp("fuzz")))
    close()


def attack(reader: Reader, cases: int, seed: int) -> int:
    """How many were refused; anything but the reader's own refusal is the failure."""
    mutator = Mutator(seed)
    logging.disable()  # a warning for each would be the only thing that grows
    try:
        return sum(is_refused(reader, mutator, seed, case) for case in range(cases))
    finally:
        logging.disable(logging.NOTSET)


def is_refused(reader: Reader, mutator: Mutator, seed: int, case: int) -> bool:
    raw = mutator.spoilt(reader.examples[case % len(reader.examples)])
    try:
        reader.read(raw)
    except reader.allowed:
        return True
    except Exception as error:
        raise AssertionError(f"{reader.name}, seed {seed}, case {case}: {error!r} for {raw[:300]!r}") from error
    return False


@pytest.mark.proves("SEC-26")
def test_every_reader_takes_its_good_examples(all_readers: list[Reader]) -> None:
    assert len(all_readers) >= 19
    for reader in all_readers:
        for good in reader.examples:
            if reader.name != "event":  # needs a right hash
                reader.read(good)


@pytest.mark.proves("SEC-26", "SEC-22")
def test_no_reader_raises_anything_but_its_own_refusal(all_readers: list[Reader]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, reader in enumerate(all_readers):
        refused = attack(reader, CASES, number)
        if reader.name in ("event", "frame", "certificate"):  # hashed or signed: no spoilt one passes
            assert refused > CASES * 0.9, reader.name
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KIB


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.proves("SEC-26")
def test_a_million_cases_hold_as_well(all_readers: list[Reader]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, reader in enumerate(all_readers):
        attack(reader, 1_000_000 // len(all_readers) + 1, 1000 + number)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KIB
