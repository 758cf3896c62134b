"""Every reader of foreign bytes with good examples of its input, and a source of inputs that nobody would send."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from console.app.door import Door
from console.config import site_files, station_file
from console.config.alarm_rules import read_alarm_rules
from console.config.assets_file import read_assets
from console.config.derived_file import read_derived
from console.config.history_file import read_history
from console.config.settings import TopicMap
from console.config.users_file import TEST_COST, read_users, write_users
from console.domain.refusal import Refused
from console.services.identity.certificates import Authority, BadCertificate, make_certificate, read_certificate
from console.services.identity.enrolment import Enrolment, Identity, JoinRequest
from console.services.identity.profile_form import Profile, encoded, read_profile
from console.services.journal.envelope import BadEvent, RawEvent, decode_event
from console.services.journal.facts_codec import decode_fact
from console.services.reports.proof import BadProof, read_proof
from console.services.storage.anchor import Anchor
from console.services.storage.backup_file import read_manifest
from console.services.sync import messages as m
from console.services.sync.carry_file import CarryReader
from console.services.sync.neighbour_frames import BadFrame, Part, frames_of, read_frame
from console.services.sync.neighbour_profiles import Told, _decoder
from console.services.sync.profile_rows import ProfileNow
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.plain_topics import PlainTopics
from tests.services.sync.test_carry import _written
from tests.services.telemetry.rig import Rig
from tests.support.desk import PEOPLE
from tests.support.edge import M, payload
from tests.support.story_site import RULES

SITE, STATION = UUID(int=5), UUID(int=6)
_TOKENS = (
    b"\x00", b"\xff" * 8, b"\x80\x80\x80\x80\x10", b"-1", b"1e999", b"9" * 400, b"NaN", b"null", b"true", b"[" * 300,
    b"{" * 300, b'{"a":', b'"\\ud800"', b"\xed\xa0\x80", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",
    b"\xf0\x9f\x92\xa5", "\u202e".encode(), b"=cmd|'/C calc'!A0", b"<b>", b"../../", b"\r\n", b"'; DROP TABLE event;--",
)  # fmt: skip


class Mutator:
    """Good input, spoilt: the same seed gives the same cases."""

    def __init__(self, seed: int, most: int = 1 << 16) -> None:
        self._rng = random.Random(seed)
        self._most = most

    def spoilt(self, good: bytes) -> bytes:
        rng = self._rng
        if rng.random() < 0.03:
            return rng.randbytes(rng.randrange(200))
        raw = bytearray(good)
        for _ in range(1 + int(rng.expovariate(0.7))):
            at = rng.randrange(len(raw) + 1)
            match rng.randrange(7):
                case 0 if raw:
                    raw[at % len(raw)] ^= 1 << rng.randrange(8)
                case 1 if raw:
                    raw[at % len(raw)] = rng.randrange(256)
                case 2:
                    del raw[at : at + rng.randrange(1, 20)]
                case 3:
                    raw[at:at] = rng.choice(_TOKENS)
                case 4:
                    raw[at:at] = raw[at : at + rng.randrange(1, 40)] * rng.randrange(1, 4)
                case 5:
                    del raw[at:]
                case _:
                    raw[at : at + 4] = rng.randbytes(4)
        return bytes(raw[: self._most])


@dataclass(frozen=True)
class Reader:
    """`read` may raise only `allowed`."""

    name: str
    examples: tuple[bytes, ...]
    read: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...] = ()


def readers(folder: Path) -> list[Reader]:
    """All of them; `folder` is for those that read files."""
    return [*_journal(folder), *_exchange(folder), *_enrolment(folder), *_settings(folder), *_telemetry(), _door()]


def _file(folder: Path, name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    path = folder / name

    def written(raw: bytes) -> object:
        path.write_bytes(raw)
        return read(path)

    return written


def _journal(folder: Path) -> list[Reader]:
    body = (
        b'{"v":1,"tenant":"00000000-0000-0000-0000-000000000000","site":"00000000-0000-0000-0000-000000000005",'
        b'"station":"00000000-0000-0000-0000-000000000006","stream":"00000000-0000-0000-0000-000000000007","seq":1,'
        b'"prev":"' + b"00" * 32 + b'","id":"00000000-0000-0000-0000-000000000008","hlc":"0000000000000001",'
        b'"wall_us":1,"etype":"alarm.commented","ever":1,"entity_type":"condition","entity_id":"x",'
        b'"payload":{"condition_id":"00000000-0000-0000-0000-000000000001","start_us":1,"text":"t"},'
        b'"tx_id":"00000000-0000-0000-0000-000000000009","roles":["operator"],"parents":[]}'
    )
    fact = b'{"incident_id":"00000000-0000-0000-0000-000000000001","number":"I","title":"t","impact":1,"urgency":2}'
    anchor = b'{"v":1,"stream":"00000000-0000-0000-0000-000000000001","seq":5,"hash":"' + b"ab" * 32 + b'"}'
    proof = b'{"manifest":{"v":1,"rows":2,"streams":[]},"signature":"' + b"00" * 64 + b'"}'
    return [
        Reader("event", (body,), lambda raw: decode_event(RawEvent(bytes(32), raw, bytes(64))), (BadEvent,)),
        Reader("fact", (fact,), lambda raw: decode_fact("incident.opened", 1, raw)),
        Reader("anchor", (anchor,), _file(folder, f"{STATION}.json", lambda path: Anchor(folder, STATION).read())),
        Reader("proof", (proof,), _file(folder, "x.proof.json", read_proof), (BadProof,)),
        Reader("backup", (_zip(folder),), _file(folder, "backup.zip", read_manifest), (Refused, OSError)),
    ]


_MANIFEST = (
    f'{{"leitstand_backup":1,"station_id":"{STATION}","code":"K1","made_us":1,"program":"x","events":1,'
    '"heads":[{"stream":"x","seq":1,"hash":"00"}],"parts":[{"name":"data/journal.db","size":2000,"sha256":"00"}]}'
)


def _zip(folder: Path) -> bytes:
    import zipfile

    with zipfile.ZipFile(folder / "good.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", _MANIFEST)
        archive.writestr("data/journal.db", b"x" * 2000)
    return (folder / "good.zip").read_bytes()


def _exchange(folder: Path) -> list[Reader]:
    key = Ed25519PrivateKey.generate()
    raws = (RawEvent(bytes(32), b"{}", bytes(64)),)
    asked = [m.encode(one) for one in (m.AskVector(m.Hello(SITE, STATION, "K1")), m.AskEvents(STATION, 3, bytes(32)))]
    asked.append(m.encode(m.Give(raws)))
    said = [m.encode(one) for one in (m.Events(raws), m.Took(1), m.Hashes(((1, bytes(32)),)), m.Refusal("no"))]
    frame = frames_of(Part("say", SITE, STATION, STATION, 7, 1, 5, 0, 1, said[0]), key.sign)[0]
    told = msgspec.msgpack.encode(Told((ProfileNow("u1", 1, "{}", 5, STATION, bytes(64)),)))
    carried = _written(_made(folder / "carried"))

    def carry(path: Path) -> None:
        with path.open("rb") as file:
            for _ in CarryReader(path, file).frames():
                pass

    return [
        Reader("question", tuple(asked), m.decode_question, (msgspec.DecodeError, ValueError)),
        Reader("answer", tuple(said), m.decode_answer, (msgspec.DecodeError, ValueError)),
        Reader("frame", (frame,), read_frame, (BadFrame,)),
        Reader("profiles", (told,), _decoder.decode, (msgspec.DecodeError, ValueError)),
        Reader("carried file", (carried,), _file(folder, "stick", carry), (Refused,)),
    ]


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _enrolment(folder: Path) -> list[Reader]:
    key = Ed25519PrivateKey.generate()
    authority = Authority(key)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    certificate = make_certificate(authority, site=SITE, station=STATION, code="K1", public_key=bytes(32), issued_us=1)
    me = Identity(SITE, STATION, "K1", "PC", public)
    enrolment = Enrolment(me, authority=public, site_folder=folder, keys=folder / "keys", clock_us=lambda: 1)
    profile = encoded(Profile("anna", "Anna Ä.", "ab" * 16, "anna", "Anna Ä.")).encode()
    request = msgspec.json.encode(JoinRequest(1, SITE, STATION, "K2", "PC 2", "ab" * 32))
    return [
        Reader(
            "certificate",
            (certificate.encode(),),
            lambda raw: read_certificate(raw.decode("utf-8", "replace"), public),
            (BadCertificate,),
        ),
        Reader("join request", (request,), enrolment.take_request),
        Reader("profile", (profile,), lambda raw: read_profile(raw.decode("utf-8", "replace"))),
    ]


DERIVED = """
[[tag]]
path = "Line/Sums/Both"
expression = "if('./One' > 0, increase('Line/PLC2/Two', 60), './One')"
interval_s = 2
[[tag]]
path = "Line/Sums/One"
expression = "'Line/PLC1/P/Power' / 1000"
"""

HISTORY = """
version = 1
[[class]]
name = "long"
raw_days = 400
rollup_days = { 1000 = 5000 }
budget_mb = 100
[[tag]]
pattern = "Line/*"
class = "long"
exception = "0.5 %"
compression = 0.1
max_interval_s = 600
central = true
"""


def _settings(folder: Path) -> list[Reader]:
    site = site_files.first_site(str(SITE), '"Plant"', "Europe/Berlin", "ab" * 32)
    station = station_file.TEMPLATE.format(station_id=str(STATION), name='"PC"', code="K1")
    assets = site_files.ASSETS_TEMPLATE + '[[asset]]\nid = "a"\nname = "A"\n'
    users = write_users(folder, PEOPLE).read_text(encoding="utf-8")
    cases: tuple[tuple[str, str, Callable[[Path], object]], ...] = (
        ("site.toml", site, site_files.read_site),
        ("topics.toml", site_files.TOPICS_TEMPLATE + '[[map]]\ntopic = "a/+/b"\ntag = "x"\n', site_files.read_topics),
        ("alarms.toml", RULES, read_alarm_rules),
        ("derived.toml", DERIVED, read_derived),
        ("history.toml", HISTORY, read_history),
        ("assets.toml", assets, lambda path: read_assets(path, SITE)),
        ("users.toml", users, lambda p: read_users(p, TEST_COST)),
        ("station.toml", station, station_file.read_station),
    )
    return [
        Reader(name, (text.encode(),), _file(folder, name, lambda path, read=read: read(path.parent)))  # type: ignore[misc]
        for name, text, read in cases
    ]


def _telemetry() -> list[Reader]:
    rig = Rig()
    rig.birth(M("a", 1.0, alias=1), M("b", 1, 4, alias=2))
    births = payload([M("a", 1.0, alias=1), M("bdSeq", 0, 4)], seq=0)
    data = payload([M("a", 2.0, alias=1), M("c", "text", 12)], seq=1)
    plain = PlainTopics("plant", (TopicMap("x/#", "a.b", "n"), TopicMap("y", "")), rig.handles, Outlet(rig.inbox))

    def sparkplug(raw: bytes) -> None:
        for verb in ("NBIRTH/n1", "NDATA/n1", "DBIRTH/n1/d", "DDATA/n1/d", "NDEATH/n1"):
            rig.raw(f"spBv1.0/g/{verb}", raw)
        rig.pass_time(1, 1.0)
        rig.follower.batches.clear()

    def mapped(raw: bytes) -> None:
        for topic in ("x/1", "y", raw[:40].decode("utf-8", "replace")):
            plain.message(topic, raw, rig.now_us)
        rig.pass_time(1, 1.0)
        rig.follower.batches.clear()

    return [Reader("sparkplug", (births, data), sparkplug), Reader("mapped topic", (b'{"a":{"b":1.5}}', b"17"), mapped)]


def _door() -> Reader:
    lines = (
        b'{"op": "query", "what": "journal", "args": {"limit": 10}}',
        b'{"op": "act", "command": "ack", "fields": {"occurrences": "x@1"}, "login": "", "password": ""}',
    )
    door = Door(None)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()
    reader = Reader("door", lines, lambda raw: loop.run_until_complete(door.handle(raw)))
    _LOOPS.append(loop)
    return reader


_LOOPS: list[asyncio.AbstractEventLoop] = []


def close() -> None:
    while _LOOPS:
        _LOOPS.pop().close()
