"""What a station and its site are told by their files; `station_file` and `site_files` load and upgrade them."""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """One MQTT broker. `protocol` is "3.1.1" or "5"; passwords stand in owner-only files, never here."""

    name: str = "plant"
    host: str = "127.0.0.1"
    port: int = 1883
    protocol: str = "3.1.1"
    username: str = ""
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    client_id: str = ""  # default: leitstand-<station code>-t
    request_rebirth: bool = True
    max_payload: int = 1 << 20
    max_metrics: int = 10_000


@dataclass(frozen=True, slots=True)
class CentreSettings:
    """The central PostgreSQL, host empty = none."""

    host: str = ""
    port: int = 5432
    database: str = "leitstand"
    user: str = ""
    password_file: Path | None = None
    sslmode: str = "prefer"
    ca_file: Path | None = None  # who may have signed the server's certificate
    cert_file: Path | None = None  # the station's own, where the server asks for one (clientcert=verify-full)
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Where copies of the databases go, how often, how many are kept."""

    folder: Path | None = None  # default: backups/ in the data folder, which does not survive its disk
    every_s: int = 900
    keep: int = 8


@dataclass(frozen=True, slots=True)
class NeighbourSettings:
    """Whether consoles of the site exchange their journals over a broker of the plant, and over which."""

    enabled: bool = True
    broker: str = ""  # empty: the first


@dataclass(frozen=True, slots=True)
class StationSettings:
    """`station.toml`: what belongs to this machine."""

    station_id: UUID
    name: str
    code: str  # 2-3 Crockford base32 characters, unique per site
    position: str = "desk"
    brokers: tuple[BrokerSettings, ...] = ()
    centre: CentreSettings = field(default_factory=CentreSettings)
    host_id: str = ""  # default: leitstand-<code>
    language: str = ""  # empty: the person's or the system's
    theme: str = ""
    data: Path | None = None
    site: Path | None = None  # default: site/ beside station.toml
    lock_after_s: int = 0  # idle time until view-only, 0 = never (attended desk)
    max_sessions: int = 3  # of one person at the same time
    shift_s: int = 8 * 3600  # how long a PIN re-opens what a password began
    backup: BackupSettings = field(default_factory=BackupSettings)
    anchor: Path | None = None  # default: `storage/anchor.py` knows the system's place
    ballast_mb: int = 512  # kept free for the hour in which the disk is full; 0: none
    neighbours: NeighbourSettings = field(default_factory=NeighbourSettings)

    @property
    def neighbours_broker(self) -> BrokerSettings | None:
        """Where neighbours meet; None: nowhere."""
        named = [broker for broker in self.brokers if self.neighbours.broker in ("", broker.name)]
        return named[0] if named and self.neighbours.enabled else None


@dataclass(frozen=True, slots=True)
class Position:
    position_id: str
    name: str
    areas: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicMap:
    """One `[[map]]` of topics.toml: a topic filter (+ captures as {1}, {2}), a dotted JSON path, and what it makes."""

    topic: str
    path: str = ""  # empty: the payload is one scalar
    tag: str = ""  # shown name, default the last topic level (and path)
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    interval_s: float = 20.0  # stale after three of these
    broker: str = ""  # empty: every broker


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """`site.toml`."""

    site_id: UUID
    name: str
    time_zone: str = "UTC"
    positions: tuple[Position, ...] = ()
    authority: bytes = b""  # Ed25519 public key that enrols stations; empty: stations trust on first sight
