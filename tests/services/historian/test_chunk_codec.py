"""Chunks and rollups come back from their bytes bit for bit, small; damaged bytes are met as damage, not as numbers."""

import math
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services.historian import rollup_columns as rc
from console.services.historian.blob_frame import opened
from console.services.historian.chunk_codec import DamagedChunk, pack_chunk, unpack_chunk
from console.services.historian.number_codec import MAX_ROWS
from console.services.historian.rollup_codec import pack_rollups, unpack_rollups
from console.services.historian.rollups import coarsen, roll

S = 1_000_000
LONG = st.integers(-(1 << 62), 1 << 62)
odd = [math.nan, math.inf, -math.inf, -0.0, 0.0, 5e-324, 1e308, 2.0**53, 0.1, 50.119998931884766]
numbers = st.one_of(
    st.integers(-10_000, 10_000).map(lambda whole: whole / 100),
    st.integers(0, 3).map(float),
    st.integers(0, (1 << 64) - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]),
    st.floats(width=32),
    st.sampled_from(odd),
)
stamps = st.one_of(
    st.lists(LONG, max_size=40),
    st.tuples(LONG, st.integers(0, 10**7), st.lists(st.integers(-50, 50), max_size=40)).map(
        lambda t: [t[0] + number * t[1] + jitter * 1000 for number, jitter in enumerate(t[2])]
    ),
)


def bits(column):
    return np.ascontiguousarray(column).tobytes()


def a_pen(n, seed=1, single=False):
    """1 Hz, stamps in ms that jitter by 20 ms, values of 0.01 that wander and rustle."""
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.standard_normal(n)) * 0.006
    value = np.round(50 + walk + random.standard_normal(n) * 0.2, 2)
    at = 1_790_000_000_137_000 + np.arange(n, dtype=np.int64) * S + random.integers(-20, 21, n) * 1000
    return at, value.astype(np.float32).astype(np.float64) if single else value, np.zeros(n, np.uint8)


@settings(max_examples=60, deadline=None)
@given(stamps, st.data())
def test_every_chunk_comes_back_bit_for_bit(at, data):
    n = len(at)
    value = data.draw(st.lists(numbers, min_size=n, max_size=n))
    quality = data.draw(st.lists(st.sampled_from([0, 0, 0, 1, 3, 255]), min_size=n, max_size=n))
    whole = data.draw(st.sampled_from([st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, (1 << 64) - 1)]))
    exact = data.draw(st.dictionaries(st.integers(0, n - 1), whole, max_size=5)) if n else {}
    columns = np.array(at, np.int64), np.array(value, np.float64), np.array(quality, np.uint8)
    back = unpack_chunk(pack_chunk(*columns, exact))
    assert [bits(column) for column in (back.at_us, back.value, back.quality)] == [bits(c) for c in columns]
    assert back.exact == exact


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), numbers, st.integers(0, 5)), min_size=1, max_size=60))
def test_rollups_come_back_bit_for_bit_and_only_the_asked_columns(rows):
    at, value, quality = zip(*rows, strict=True)
    columns = np.array(at, np.int64), np.array(value, np.float64), np.array(quality, np.uint8)
    rollups = roll(*columns, 10 * S, None, 2 * 10**9)
    blob = pack_rollups(rollups)
    back = unpack_rollups(blob)
    assert back.width_us == 10 * S
    for name in rc.COLUMNS:
        assert bits(getattr(back, name)) == bits(getattr(rollups, name)), name
        assert getattr(back, name).dtype == rc.DTYPES[name]
    for asked in (["min", "max"], ["tail"], ["last", "tail"]):
        few = unpack_rollups(blob, asked)
        assert set(few.present()) == {"k", *asked}
        for name in asked:
            assert bits(getattr(few, name)) == bits(getattr(rollups, name))


def test_a_pen_of_1_hz_takes_less_than_two_bytes_a_sample_and_its_levels_less_than_two():
    """With stamps that jitter and values of two decimals, double or single; with gaps that are kept as markers."""
    for single in (False, True):
        at, value, quality = a_pen(40_960, single=single)
        value[7_000::997], quality[7_000::997] = math.nan, 3
        raw = sum(
            len(pack_chunk(at[i : i + 4096], value[i : i + 4096], quality[i : i + 4096], {}))
            for i in range(0, at.size, 4096)
        )
        level = roll(at, value, quality, rc.LEVELS_US[0], None, int(at[-1]))
        kept = len(pack_rollups(level))
        for width in rc.LEVELS_US[1:]:
            level = coarsen(level, width, None, int(at[-1]))
            kept += len(pack_rollups(level))
        assert raw / at.size < 2.0
        assert kept / at.size < (2.4 if single else 1.2)


@pytest.mark.parametrize(
    ("values", "most"),
    [
        ([21.5] * 4096, 70),  # a set point
        ([0.0, 1.0] * 2048, 1100),  # a switch
        ([float(number) for number in range(4096)], 90),  # a counter
        ([math.nan] * 4096, 70),  # nothing but gaps
        ([number % 3 + 0.25 for number in range(4096)], 1500),
    ],
)
def test_what_hardly_changes_takes_hardly_any_bytes(values, most):
    at = np.arange(4096, dtype=np.int64) * 60 * S
    assert len(pack_chunk(at, np.array(values), np.zeros(4096, np.uint8), {})) < most


def sound_blobs():
    at, value, quality = a_pen(300)
    value[40], quality[40], value[41] = math.nan, 3, -0.0
    rollups = roll(at, value, quality, 10 * S, None, int(at[-1]))
    return [
        (pack_chunk(at, value, quality, {3: 1 << 60, 9: -5}), unpack_chunk),
        (pack_chunk(at[:0], value[:0], quality[:0], {}), unpack_chunk),
        (pack_rollups(rollups), unpack_rollups),
        (pack_rollups(rc.no_rows(10 * S)), unpack_rollups),
    ]


SOUND = sound_blobs()


@pytest.mark.parametrize(("blob", "unpack"), SOUND)
def test_every_flipped_bit_and_every_cut_is_damage(blob, unpack):
    for bit in range(len(blob) * 8):
        flipped = bytearray(blob)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedChunk):
            unpack(bytes(flipped))
    for length in range(len(blob)):
        with pytest.raises(DamagedChunk):
            unpack(blob[:length])
    with pytest.raises(DamagedChunk):
        unpack(blob + b"\0")


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 3), st.data())
def test_bytes_that_carry_a_right_checksum_and_make_no_sense_are_damage_or_columns_never_a_crash(which, data):
    """As if a writer had been wrong, or the checksum met by chance: nothing else than `DamagedChunk` gets out."""
    blob, unpack = SOUND[which]
    body = bytearray(blob[5:])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    del body[data.draw(st.sampled_from([len(body), len(body) - 1, len(body) // 2])) :]
    crc = zlib.crc32(bytes(body), blob[0])
    try:
        unpack(blob[:1] + struct.pack("<I", crc) + bytes(body))
    except DamagedChunk as damage:
        assert str(damage)


def test_damage_says_what_is_wrong():
    blob, unpack = SOUND[0]
    with pytest.raises(DamagedChunk, match="checksum"):
        unpack(blob[:-1])
    with pytest.raises(DamagedChunk, match="format 9"):
        unpack(b"\x09" + blob[1:])
    with pytest.raises(DamagedChunk, match="no chunk"):
        unpack(b"")
    with pytest.raises(DamagedChunk, match="rows"):
        body = struct.pack("<I", MAX_ROWS + 1)
        opened(1, b"\x01" + struct.pack("<I", zlib.crc32(body, 1)) + body)


def test_what_is_no_chunk_is_refused_when_it_is_packed():
    at, value, quality = a_pen(3)
    with pytest.raises(ValueError, match="equal length"):
        pack_chunk(at, value[:2], quality, {})
    with pytest.raises(ValueError, match="row of the chunk"):
        pack_chunk(at, value, quality, {3: 1})
    with pytest.raises(ValueError, match="int64 or uint64"):
        pack_chunk(at, value, quality, {0: 1 << 64})
    many = np.zeros(MAX_ROWS + 1, np.int64)
    with pytest.raises(ValueError, match="more than"):
        pack_chunk(many, many.astype(np.float64), many.astype(np.uint8), {})
    with pytest.raises(ValueError, match="without sum"):
        pack_rollups(rc.columns_of(S, {name: np.zeros(1) for name in rc.COLUMNS if name != "sum"}))
