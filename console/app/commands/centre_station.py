"""Which station `leitstand centre enrol STATION` means: its folder, its join request as a file, or its id."""

import argparse
import hashlib
from pathlib import Path
from uuid import UUID

import msgspec

from console.app.folders import resolve
from console.config.site_files import load_site
from console.config.station_file import FILE, load_station
from console.services.identity.enrolment import CERTIFICATE_FILE, JoinRequest
from console.services.journal.keys import FileKey
from console.services.sync.central_stations import Enrolment

_LONGEST = 4096
PASSWORD_FILE = "centre.password"  # noqa: S105 a file's name


def read_station_of(options: argparse.Namespace, name: str) -> tuple[Enrolment, Path]:
    """The station and where its centre password belongs (`--to` goes first).

    Raises ValueError for what is none of the three, BadConfiguration, OSError, Refused for a key file without a key.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        one, keys = _of_folder(path)
        default = keys / PASSWORD_FILE
    else:
        one = _of_request(path) if path.is_file() else _of_words(options, name)
        default = Path(f"{one.role}.password")
    return one, Path(options.to).expanduser() if options.to else default


def _of_folder(folder: Path) -> tuple[Enrolment, Path]:
    """A station on this machine; a station that never ran gets its key now."""
    if not (folder / FILE).is_file():
        raise ValueError(f"there is no {FILE} in {folder}")
    station = load_station(folder)
    site = load_site(station.site or folder / "site")
    keys = resolve(str(folder), None).data / "keys"
    certificate = keys / CERTIFICATE_FILE
    fingerprint = hashlib.sha256(certificate.read_bytes().strip()).hexdigest() if certificate.is_file() else ""
    key = FileKey.load_or_create(keys).public_key
    return Enrolment(site.site_id, station.station_id, station.code, key, cert_fpr=fingerprint), keys


def _of_request(file: Path) -> Enrolment:
    """A join request (JSON with site, station, code, public_key) as the station writes it."""
    try:
        request = msgspec.json.decode(file.read_bytes()[:_LONGEST], type=JoinRequest)
        return Enrolment(request.site, request.station, request.code, bytes.fromhex(request.public_key))
    except (msgspec.DecodeError, ValueError) as error:
        raise ValueError(f"{file} is no join request: {error}") from error


def _of_words(options: argparse.Namespace, name: str) -> Enrolment:
    missing = [flag for flag in ("site", "code", "key") if not getattr(options, flag)]
    if missing:
        raise ValueError(
            f"'{name}' is neither a station's folder nor its join request; for a station id give also "
            + ", ".join(f"--{flag}" for flag in missing)
        )
    try:
        return Enrolment(UUID(options.site), UUID(name), options.code, bytes.fromhex(options.key))
    except ValueError as error:
        raise ValueError(f"station and --site are ids, --key is 64 hex digits: {error}") from error
