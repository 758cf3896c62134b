"""Profiles between neighbours: asked for when the digests differ, never unasked, bounded whatever comes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from console.services.sync import neighbour_words as words
from console.services.sync.neighbour_profiles import ProfileTalk, Told, _decoder, _encoder, digest_of
from console.services.sync.profile_rows import MAX_PROFILES, ProfileNow
from tests.services.sync.test_neighbours_room import HIS_KEY, OTHER, Stage
from tests.support.journals import StationJournal


def row(n: int, text: str = "{}") -> ProfileNow:
    return ProfileNow(f"u{n:04}", 1, text, 5, UUID(int=7), b"s" * 64)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    async def made() -> StationJournal:
        return await StationJournal(tmp_path, "A1").start()

    journal = asyncio.run(made())
    stage = Stage(journal.path, journal.place)
    yield stage
    stage.connection.close()
    journal.close()


def head(stage: Stage, profiles: bytes) -> None:
    note = words.HeadNote("B2", "PC B2", HIS_KEY.public_key, b"", b"", stage.clock.now_us(), profiles)
    stage.hear("head", words.HEAD, words.encode(note))


def asked(stage: Stage) -> list[int]:
    """Requests for profiles that went out."""
    from console.services.sync import neighbour_frames as nf

    parts = [nf.read_frame(payload).part for topic, payload in stage.said if f"/ask/{OTHER.hex}/" in topic]
    return [part.request for part in parts if part.kind == words.ASK_PROFILES]


def turn(stage: Stage, seconds: float) -> None:
    stage.clock.mono += seconds
    stage.room.turn()


def told(stage: Stage) -> list[ProfileNow]:
    return list(getattr(stage.ears, "profiles_told", []))


def test_a_neighbour_with_other_profiles_is_asked_once_and_its_answer_handed_on(stage: Stage) -> None:
    theirs = (row(1), row(2))
    head(stage, digest_of(theirs))
    turn(stage, 1.1)
    (request,) = asked(stage)
    stage.hear("say", words.PROFILES, _encoder.encode(Told(theirs)), request)
    assert told(stage) == list(theirs)
    stage.room.profiles.set(theirs)
    head(stage, digest_of(theirs))
    turn(stage, 120)
    assert len(asked(stage)) == 1, "equal now"


def test_what_cannot_be_agreed_on_is_asked_ever_more_seldom(stage: Stage) -> None:
    for _ in range(300):
        head(stage, digest_of((row(1),)))
        turn(stage, 0.9)
    assert 4 <= len(asked(stage)) <= 12


@pytest.mark.proves("P29", "SEC-26")
def test_what_nobody_asked_for_and_what_is_no_profile_is_counted_and_not_handed_on(stage: Stage) -> None:
    head(stage, digest_of((row(1),)))
    stage.hear("say", words.PROFILES, _encoder.encode(Told((row(1),))), 4711)
    turn(stage, 1.1)
    (request,) = asked(stage)
    for nonsense in (b"", b"\xc1", b"\x91\x91\x01", _encoder.encode([["u", 2**63, "x", 1, b"", b""]])):
        stage.hear("say", words.PROFILES, nonsense, request)
    stage.hear("say", words.PROFILES, _encoder.encode(Told((row(1),))), request + 1)
    assert told(stage) == []
    turn(stage, 2)
    assert {one.kind for one in stage.ears.troubles_told} >= {"unasked", "undecodable"}


def test_an_answer_is_bounded_whatever_there_is_to_tell(stage: Stage) -> None:
    talk: ProfileTalk = stage.room.profiles
    talk.set([row(n, "x" * 2000) for n in range(MAX_PROFILES + 500)])
    stage.said.clear()
    for n in range(20):
        stage.hear("ask", words.ASK_PROFILES, b"", 100 + n)
    said = [payload for topic, payload in stage.said if f"/say/{OTHER.hex}/" in topic]
    assert 0 < sum(map(len, said)) < 5 * (4 << 20), "a question costs one answer in half a second"
    assert len(_decoder.decode(_encoder.encode(Told(talk._rows))).rows) <= MAX_PROFILES


def test_a_neighbour_that_tells_no_digest_is_of_an_older_version_and_left_alone(stage: Stage) -> None:
    stage.room.profiles.set((row(1),))
    head(stage, b"")
    turn(stage, 5)
    assert asked(stage) == []
