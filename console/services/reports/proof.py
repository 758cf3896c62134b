"""The proof beside an export: what it holds, of which streams, who took it away, signed by the exporting station.

`<file>.proof.json` holds a manifest and the station's Ed25519 signature over "leitstand-export1" and the manifest's
canonical JSON. The manifest names the file's SHA-256, so that the signature covers file, rows, filters and exporter.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.services.journal.envelope import Event
from console.services.journal.keys import StationKey, is_signed_by

_DOMAIN = b"leitstand-export1"
_BLOCK = 1 << 20
_LARGEST = 1 << 30  # bytes of a proof that is read at all
VERSION = 1


class BadProof(Exception):
    """A proof that cannot be read; the text says why."""


@dataclass(slots=True)
class StreamSpan:
    """What of one stream is in an export: the chain goes from `first_prev` to `last_hash`."""

    stream: str
    station: str
    code: str
    public_key: str
    first_seq: int
    first_prev: str
    last_seq: int
    last_hash: str
    rows: int = 1


@dataclass(slots=True)
class Spans:
    """Collects the spans and the hash of each row, in the order of the rows."""

    public_keys: Mapping[str, str]  # stream id -> hex
    hashes: list[str] = field(default_factory=list)
    _streams: dict[str, StreamSpan] = field(default_factory=dict)

    def add(self, event: Event, code: str) -> None:
        body, event_hash = event.body, event.raw.hash.hex()
        self.hashes.append(event_hash)
        stream = str(body.stream)
        span = self._streams.get(stream)
        if span is None:
            key = self.public_keys.get(stream, "")
            place = (body.seq, body.prev, body.seq, event_hash)
            self._streams[stream] = StreamSpan(stream, str(body.station), code, key, *place)
            return
        span.rows += 1
        if body.seq < span.first_seq:
            span.first_seq, span.first_prev = body.seq, body.prev
        if body.seq >= span.last_seq:
            span.last_seq, span.last_hash = body.seq, event_hash

    def spans(self) -> list[StreamSpan]:
        return [self._streams[stream] for stream in sorted(self._streams)]


def proof_path(file: Path) -> Path:
    return file.with_name(file.name + ".proof.json")


def file_sha256(file: Path) -> str:
    """Hex; read in blocks. OSError as it comes."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: sorted keys, no blanks, ASCII."""
    return json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def signed_proof(manifest: Mapping[str, Any], key: StationKey) -> bytes:
    """The sidecar's content, one field a line, for people as well."""
    signature = key.sign(_digest(manifest))
    return json.dumps({"manifest": manifest, "signature": signature.hex()}, sort_keys=True, indent=1).encode("ascii")


def _digest(manifest: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(_DOMAIN + canonical(manifest)).digest()


@dataclass(frozen=True, slots=True)
class Proof:
    """A sidecar as it was read; nothing of it is believed before `is_signed`."""

    manifest: Mapping[str, Any]
    signature: bytes

    @property
    def signer_key(self) -> bytes:
        """The public key that the proof names; whose it is, a journal or the site's authority tells."""
        try:
            return bytes.fromhex(str(self.manifest["station"]["public_key"]))
        except (KeyError, TypeError, ValueError):
            return b""

    @property
    def is_signed(self) -> bool:
        return is_signed_by(self.signer_key, self.signature, _digest(self.manifest))

    @property
    def hashes(self) -> list[str]:
        found = self.manifest.get("hashes")
        return [str(one) for one in found] if isinstance(found, list) else []


def read_proof(path: Path) -> Proof:
    """Raises BadProof for what is no proof, OSError as it comes."""
    if path.stat().st_size > _LARGEST:
        raise BadProof("the proof is too large")
    try:
        told = json.loads(path.read_bytes())
        manifest, signature = told["manifest"], bytes.fromhex(told["signature"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadProof(f"the proof cannot be read: {error}") from error
    if not isinstance(manifest, dict):
        raise BadProof("the proof has no manifest")
    if manifest.get("v") != VERSION:
        raise BadProof(f"the proof is of version {manifest.get('v')}; this Leitstand reads version {VERSION}")
    return Proof(manifest, signature)
