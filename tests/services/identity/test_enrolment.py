"""Stations come in by the authority's key or by a pairing code, and a lost one is revoked."""

import asyncio
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from console.domain import people_commands as u
from console.domain.refusal import Refused
from console.domain.station_facts import StationEnrolled, StationRevoked, StreamOpened
from console.services.identity.certificates import (
    Authority,
    BadCertificate,
    check_certificate,
    make_certificate,
    pairing_code,
    read_certificate,
    typed_code,
)
from console.services.identity.enrolment import NOT_ENROLLED, REVOKED, Enrolment, Identity, JoinRequest
from console.services.identity.stations import Stations
from console.services.journal.entries import SYSTEM
from tests.support.clock import FakeClock
from tests.support.memory_log import MemoryLog
from tests.support.people_desk import SITE, PeopleDesk

STATION, KEY = UUID(int=2), b"k" * 32
AUTHORITY = Authority(Ed25519PrivateKey.generate())


def certificate(**changes: object) -> str:
    known: dict[str, object] = {"site": SITE, "station": STATION, "code": "B2", "public_key": KEY, "issued_us": 1}
    return make_certificate(AUTHORITY, **{**known, **changes})  # type: ignore[arg-type]


@pytest.mark.proves("SEC-7", "SEC-50")
def test_a_certificate_is_read_back_and_is_good_for_exactly_its_station_and_key():
    found = read_certificate(certificate(), AUTHORITY.public_key)
    assert (found.site, found.station, found.code, found.key) == (SITE, STATION, "B2", KEY)
    good = {"site": SITE, "station": STATION, "code": "B2", "public_key": KEY}
    check_certificate(certificate(), AUTHORITY.public_key, **good)
    for wrong in ({"site": STATION}, {"station": SITE}, {"code": "B3"}, {"public_key": b"x" * 32}):
        with pytest.raises(BadCertificate):
            check_certificate(certificate(), AUTHORITY.public_key, **{**good, **wrong})
    with pytest.raises(BadCertificate):
        read_certificate(certificate(), Authority(Ed25519PrivateKey.generate()).public_key)


@pytest.mark.proves("SEC-7", "SEC-22")
@given(st.data())
def test_any_flipped_bit_makes_it_no_certificate(data):
    raw = bytearray(bytes.fromhex(certificate()))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadCertificate):
        read_certificate(raw.hex(), AUTHORITY.public_key)


@pytest.mark.proves("SEC-26")
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(bytes.hex), st.just("00" * 5000)))
def test_rubbish_is_no_certificate(text):
    with pytest.raises(BadCertificate):
        read_certificate(text, AUTHORITY.public_key)


def test_a_pairing_code_is_the_keys_own_and_forgives_how_it_is_typed():
    code = pairing_code(SITE, STATION, KEY)
    assert len(code) == 8 and not set(code) - set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert len({code, pairing_code(SITE, STATION, b"x" * 32), pairing_code(SITE, SITE, KEY)}) == 3
    assert typed_code(f" {code[:4].lower()}-{code[4:]} ") == code
    assert typed_code("oO iIlL") == "001111"


def test_the_authority_is_never_replaced_and_rubbish_is_none(tmp_path: Path):
    made = Authority.create(tmp_path)
    assert Authority.load(tmp_path / "authority.pem").public_key == made.public_key
    assert (tmp_path / "authority.pem").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        Authority.create(tmp_path)
    (tmp_path / "x.pem").write_text("no key", encoding="utf-8")
    with pytest.raises(Refused):
        Authority.load(tmp_path / "x.pem")


def test_who_copies_the_site_with_its_key_joins_by_himself_and_stays(tmp_path: Path):
    authority = Authority.create(tmp_path)
    me = Identity(SITE, STATION, "B2", "Console", KEY)
    more = {
        "authority": authority.public_key,
        "site_folder": tmp_path,
        "keys": tmp_path / "keys",
        "clock_us": lambda: 1,
    }
    first = Enrolment(me, **more)
    assert first.is_enrolled and not first.pairing_code and first.request() is None
    (tmp_path / "authority.pem").unlink()
    again = Enrolment(me, **more)
    assert again.certificate_hex == first.certificate_hex
    other_key = Enrolment(Identity(SITE, STATION, "B2", "Console", b"x" * 32), **more)
    assert not other_key.is_enrolled, "another key needs another certificate"


def test_a_site_without_an_authority_knows_no_enrolment(tmp_path: Path):
    me = Identity(SITE, STATION, "B2", "Console", KEY)
    enrolment = Enrolment(me, authority=b"", site_folder=tmp_path, keys=tmp_path, clock_us=lambda: 1)
    assert enrolment.is_enrolled and not enrolment.certificate_hex
    assert enrolment.refusal_of("ack") is None
    assert not enrolment.take_certificate(certificate())


def two(tmp_path: Path) -> tuple[PeopleDesk, PeopleDesk]:
    (tmp_path / "a" / "site").mkdir(parents=True)
    authority = Authority.create(tmp_path / "a" / "site")
    return (
        PeopleDesk(tmp_path / "a", authority=authority),
        PeopleDesk(tmp_path / "b", "B2", 2, authority=authority),
    )


@pytest.mark.proves("SEC-2", "SEC-5", "SEC-50", "SEC-16")
def test_a_new_station_watches_until_an_administrator_types_its_code(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        await there.start()
        assert there.enrolment.why_not == NOT_ENROLLED
        await there.signed_on("olga")  # to look; nothing is written
        assert there.log.kept == []
        with pytest.raises(Refused, match="not enrolled"):
            await there.submit(u.SetPin("294817", "x"))
        await here.signed_on("adam")
        assert here.enrolment.take_request(there.enrolment.request())
        (waiting,) = here.people.view.record().joining
        assert (waiting.station_id, waiting.code, waiting.name) == (there.me.station, "B2", "Console B2")
        code = there.people.view.record().pairing_code
        with pytest.raises(Refused, match="not the pairing code"):
            await here.submit(u.EnrolStation(there.me.station, "0000-0000"))
        await here.submit(u.EnrolStation(there.me.station, code.lower()))
        (fact,) = here.log.facts(StationEnrolled)
        assert here.people.view.record().joining == ()
        heard = []
        there.enrolment.changed.subscribe(heard.append)
        assert not there.enrolment.take_certificate(certificate())
        assert there.enrolment.take_certificate(fact.certificate_hex)
        assert heard == [fact.certificate_hex]
        assert there.enrolment.is_enrolled and there.people.view.record().not_enrolled == ""
        await there.submit(u.SetPin("294817", "correct horse battery"))

    here, there = two(tmp_path)
    with here, there:
        asyncio.run(story(here, there))


def test_only_where_the_authoritys_key_is_can_stations_be_let_in_and_codes_stay_unique(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        await here.signed_on("adam")
        raw = msgspec.json.decode(there.enrolment.request(), type=JoinRequest)
        twin = msgspec.structs.replace(raw, station=UUID(int=9))
        for request in (raw, twin):
            assert here.enrolment.take_request(msgspec.json.encode(request))
        await here.submit(u.EnrolStation(raw.station, there.enrolment.pairing_code))
        with pytest.raises(Refused, match="code B2"):
            await here.submit(u.EnrolStation(twin.station, pairing_code(SITE, twin.station, there.me.public_key)))
        (here.site_folder / "authority.pem").unlink()
        with pytest.raises(Refused, match="not at this station"):
            await here.submit(u.EnrolStation(twin.station, "00000000"))
        with pytest.raises(Refused, match="does not ask"):
            await here.submit(u.EnrolStation(UUID(int=77), "00000000"))

    here, there = two(tmp_path)
    with here, there:
        asyncio.run(story(here, there))


@pytest.mark.proves("SEC-26")
def test_join_requests_from_anybody_are_bounded_and_checked(tmp_path):
    here, there = two(tmp_path)
    with here, there:
        good = msgspec.json.decode(there.enrolment.request(), type=JoinRequest)
        for wrong in (
            {"site": STATION},
            {"station": here.me.station},
            {"public_key": "zz"},
            {"public_key": "00"},
            {"name": "x" * 101},
            {"code": "TOOLONG"},
            {"v": 2},
        ):
            assert not here.enrolment.take_request(msgspec.json.encode(msgspec.structs.replace(good, **wrong))), wrong
        assert not here.enrolment.take_request(b"\xff{")
        for n in range(60):
            one = msgspec.structs.replace(good, station=UUID(int=1000 + n))
            assert here.enrolment.take_request(msgspec.json.encode(one))
        assert len(here.enrolment.pending) == 50


def opened(log: MemoryLog, key: bytes, stream: int, text: str = "") -> tuple:
    fact = StreamOpened(UUID(int=stream), "B2", key.hex(), "first_start", None, text)
    return asyncio.run(log.append([fact], SYSTEM))


@pytest.mark.proves("P18")
def test_a_revoked_key_counts_no_more_however_many_streams_it_opens_until_another_is_let_in():
    clock = FakeClock()
    there, here = MemoryLog(clock, "B2", 2), MemoryLog(clock, "A1", 1)
    stations = Stations(SITE)
    stations.take(opened(there, KEY, 1002))
    assert stations.keys_of(STATION) == (KEY,)
    known = stations.find(STATION)
    revoked = asyncio.run(here.append([StationRevoked(STATION, known.streams, known.seqs, "stolen")], SYSTEM))
    stations.take(revoked)
    assert stations.is_revoked(STATION) and stations.keys_of(STATION) == ()
    assert not stations.is_revoked_at(STATION, UUID(int=1002), 1)
    assert stations.is_revoked_at(STATION, UUID(int=1002), 2)
    assert stations.is_revoked_at(STATION, UUID(int=4711), 1), "a stream that nobody knew then"
    clock.advance(60)
    stations.take(opened(there, KEY, 1003))
    assert stations.keys_of(STATION) == ()
    clock.advance(60)
    stations.take(opened(there, b"n" * 32, 1004))
    assert stations.keys_of(STATION) == (b"n" * 32,)
    assert not stations.is_revoked_at(STATION, UUID(int=1004), 1)
    assert stations.is_revoked_at(STATION, UUID(int=1003), 5)
    other = Stations(SITE)
    for entry in (*reversed(there.kept), *revoked):
        other.take([entry])
    assert other.known() == stations.known() and other.keys_of(STATION) == stations.keys_of(STATION)


def test_at_a_site_with_an_authority_a_key_without_a_certificate_counts_for_nothing():
    log = MemoryLog(FakeClock(), "B2", 2)
    stations = Stations(SITE, AUTHORITY.public_key)
    stations.take(opened(log, KEY, 1, "00"))
    assert stations.keys_of(STATION) == ()
    stations.take(opened(log, KEY, 2, certificate()))
    assert stations.keys_of(STATION) == (KEY,)


@pytest.mark.proves("P18", "SEC-16")
def test_an_administrator_signs_the_revocation_and_the_station_learns_it(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        await there.start()
        await here.signed_on("adam")
        here.receive(there)
        with pytest.raises(Refused, match="itself"):
            await here.signed(u.RevokeStation(here.me.station, "x"))
        await here.signed(u.RevokeStation(there.me.station, "stolen from the hall"))
        (fact,) = here.log.facts(StationRevoked)
        assert fact.seqs == (there.log.kept[-1].seq,)
        with pytest.raises(Refused, match="already"):
            await here.signed(u.RevokeStation(there.me.station, "again"))
        there.receive(here)
        assert there.enrolment.why_not == REVOKED
        with pytest.raises(Refused, match="revoked"):
            await there.submit(u.SetPin("294817", "x"))

    here, there = PeopleDesk(tmp_path / "a"), PeopleDesk(tmp_path / "b", "B2", 2)
    with here, there:
        asyncio.run(story(here, there))


@pytest.mark.proves("P18")
def test_a_revoked_station_comes_back_with_a_new_key_alone(tmp_path):
    async def story(here: PeopleDesk, there: PeopleDesk):
        await here.start()
        await here.signed_on("adam")
        asked = there.enrolment.request()
        here.enrolment.take_request(asked)
        code = there.enrolment.pairing_code
        await here.submit(u.EnrolStation(there.me.station, code))
        await here.signed(u.RevokeStation(there.me.station, "lost", "none"))
        here.enrolment.take_request(asked)
        with pytest.raises(Refused, match="was revoked"):
            await here.submit(u.EnrolStation(there.me.station, code))
        fresh = msgspec.structs.replace(msgspec.json.decode(asked, type=JoinRequest), public_key=KEY.hex())
        here.enrolment.take_request(msgspec.json.encode(fresh))
        await here.submit(u.EnrolStation(there.me.station, pairing_code(SITE, there.me.station, KEY)))
        assert here.people.stations.keys_of(there.me.station) == (KEY,)
        assert not here.people.stations.is_revoked(there.me.station)

    here, there = two(tmp_path)
    with here, there:
        asyncio.run(story(here, there))


@pytest.mark.proves("P10")
def test_an_enrolment_whose_key_is_no_key_is_passed_over():
    log = MemoryLog(FakeClock(), "B2", 2)
    stations = Stations(SITE)
    stations.take(asyncio.run(log.append([StationEnrolled(STATION, "B2", "desk", "no key", "")], SYSTEM)))
    assert stations.keys_of(STATION) == ()
