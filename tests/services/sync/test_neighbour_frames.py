"""Frames between neighbours: whatever bytes come in, they are read, or refused by name."""

import random
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services.sync import neighbour_frames as nf
from console.services.sync.neighbour_frames import Assembly, BadFrame, Part, Replays, frames_of, read_frame

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
OTHER = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
SITE, A, B = uuid4(), uuid4(), uuid4()


def part(data: bytes, number: int = 1, kind: str = "say") -> Part:
    return Part(kind, SITE, A, B, 77, number, 5, 0, 1, data)


def frames(data: bytes, number: int = 1) -> list[bytes]:
    return frames_of(part(data, number), KEY.sign)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 900_000), st.integers(0, 2**32))
def test_a_message_of_any_size_comes_whole_out_of_its_parts_in_any_order(size, seed):
    chance = random.Random(seed)
    data = chance.randbytes(size)
    sent = frames(data)
    assert all(len(frame) <= nf.MAX_FRAME for frame in sent)
    chance.shuffle(sent)
    assembly = Assembly()
    got = [assembly.add(read_frame(frame).part) for frame in sent]
    assert got[-1] is not None
    assert got[-1].data == data
    assert [one for one in got[:-1] if one is not None] == []
    assert assembly.held_bytes == 0


@pytest.mark.proves("SEC-26")
@settings(max_examples=1500, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_that_nobody_made_are_refused_by_name(raw):
    for noise in (raw, b"LSN1" + raw):
        with pytest.raises(BadFrame) as refusal:
            read_frame(noise)
        assert refusal.value.kind in {"garbage", "garbled", "other_version"}


@pytest.mark.proves("SEC-26")
@settings(max_examples=1500, deadline=None)
@given(st.binary(max_size=300))
def test_a_right_checksum_over_nonsense_is_refused_too(core):
    rest = bytes(64) + core
    try:
        read_frame(b"LSN1" + nf.zlib.crc32(rest).to_bytes(4, "big") + rest)
    except BadFrame as refusal:
        assert refusal.kind in {"undecodable", "garbled", "out_of_range"}


@pytest.mark.proves("SEC-22", "SEC-26")
@settings(max_examples=400, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_frame_with_one_changed_byte_is_refused(data, choice):
    (frame,) = frames(data)
    at = choice.draw(st.integers(0, len(frame) - 1))
    flip = choice.draw(st.integers(1, 255))
    with pytest.raises(BadFrame):
        read_frame(frame[:at] + bytes([frame[at] ^ flip]) + frame[at + 1 :])


@pytest.mark.parametrize(
    "changed",
    [
        {"site": uuid4()}, {"sender": uuid4()}, {"to": uuid4()}, {"request": 6}, {"data": b"y"}, {"kind": "ask"},
        {"number": 9}, {"session": 1},
    ],
)  # fmt: skip
def test_the_signature_covers_site_from_to_request_and_payload(changed):
    (frame,) = frames(b"x")
    assert read_frame(frame).is_by(PUBLIC)
    assert not read_frame(frame).is_by(OTHER)
    assert not read_frame(frame).is_by(b"no key")
    forged = nf.msgspec.structs.replace(part(b"x"), **changed)
    (other,) = frames_of(forged, lambda _core: frame[8:72])
    assert not read_frame(other).is_by(PUBLIC)


def test_numbers_out_of_range_are_refused():
    for changed in (
        {"index": 1},
        {"count": 0},
        {"count": 10**6},
        {"session": -1},
        {"number": 2**63},
        {"kind": "x" * 17},
    ):
        bad = nf.msgspec.structs.replace(part(b"x"), **changed)
        with pytest.raises(BadFrame, match="out_of_range"):
            read_frame(nf._frame(bad, KEY.sign))


def test_too_large_a_frame_or_message_is_refused():
    with pytest.raises(BadFrame, match="oversize"):
        read_frame(b"LSN1" + bytes(nf.MAX_FRAME))
    with pytest.raises(ValueError, match="bytes"):
        frames(bytes(nf.MAX_MESSAGE + 1))


def test_parts_that_never_end_keep_a_bounded_memory():
    assembly = Assembly()
    for number in range(100):
        first, *_rest = frames(bytes(400_000), number)
        assert assembly.add(read_frame(first).part) is None
    assert assembly.held_bytes <= nf.MAX_OPEN * nf.MAX_FRAME


def test_parts_that_contradict_each_other_end_the_message():
    assembly = Assembly()
    first, *_rest = frames(bytes(400_000))
    assembly.add(read_frame(first).part)
    odd = nf.msgspec.structs.replace(part(b"x"), index=3, count=9)
    with pytest.raises(BadFrame, match="contradicting"):
        assembly.add(odd)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 20)), max_size=60))
def test_nothing_is_new_twice_while_its_session_is_remembered(heard):
    replays, taken = Replays(), set()
    for kind, session, number in heard:
        if replays.is_new(kind, session, number):
            assert (kind, session, number) not in taken
            taken.add((kind, session, number))
        else:
            assert any(k == kind and s == session and n >= number for k, s, n in taken)
