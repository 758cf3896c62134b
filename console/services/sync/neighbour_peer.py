"""One neighbour as the exchange sees it: who it is, whether it may be believed, how it is, and what it told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from console.services.identity.certificates import BadCertificate, check_certificate
from console.services.journal.event_table import Tip
from console.services.journal.own_stream import Place
from console.services.records import PeerRecord, PeerState
from console.services.sync.conversation import Outcome, Talk
from console.services.sync.neighbour_frames import Assembly, Replays
from console.services.sync.neighbour_words import MAX_NAME, HeadNote
from console.services.sync.resting import Resting

SILENT_S = 6.0  # no new head and no answer for so long: lost
NOT_ENROLLED = "the station is not enrolled"
REVOKED = "the station was revoked"
TWIN = "another console acts under this station's name"
FULL_CLOCK_S = 300.0
_MAX_CODE = 3


@dataclass(slots=True)
class Asking:
    """An exchange under way, and the question that is out."""

    talk: Talk
    outcome: Outcome
    request: int
    until_s: float
    asked_us: int


@dataclass(slots=True)
class Peer:
    """Times ending in `_s` are monotonic seconds."""

    station: UUID
    code: str
    shown: str
    key: bytes
    certificate: bytes
    session: int = -1
    distrust: str = ""  # why we do not exchange with it
    turned_away: str = ""  # why it does not exchange with us, or we have no common language; asked again in a while
    turned_until_s: float = float("-inf")
    gone: str = ""  # its own last word: bye, will
    digest: bytes = b""  # of where its streams end, by its newest head
    profiles: bytes = b""  # digest of those that it would hand on
    heard_s: float = float("-inf")
    answered_s: float = float("-inf")
    told_s: float = float("-inf")  # its streams' ends
    next_poll_s: float = float("-inf")
    began_s: float = float("-inf")
    is_answering: bool = False
    asking: Asking | None = None
    is_taken_in: bool = True  # False while the main loop stores what was pulled
    taking_since_s: float = 0.0
    ends: tuple[Tip, ...] = ()
    confirmed: bytes = b""  # digest of the vector whose receipts are all noted
    noted: set[Tip] = field(default_factory=set)
    receipted: set[Tip] = field(default_factory=set)  # ends that we confirmed to it
    resting: Resting = field(default_factory=Resting)
    offset_s: float | None = None
    waiting: int = 0
    missing: int = 0
    done: int = 0  # events taken in since it was ahead
    checked_s: float = float("-inf")  # projections compared
    digests_request: int = 0
    assembly: Assembly = field(default_factory=Assembly)
    replays: Replays = field(default_factory=Replays)
    record: PeerRecord | None = None
    since_us: int = 0

    @property
    def name(self) -> str:
        """Under which its receipts are kept."""
        return f"neighbour:{self.station}"

    @property
    def link_name(self) -> str:
        return f"neighbour:{self.code}"

    def state(self, mono_s: float, link_state: str, link_detail: str) -> tuple[str, str]:
        """(PeerState, detail) as of now."""
        if link_state != "live":
            return (PeerState.OFF, "") if link_state == "off" else (PeerState.LOST, link_detail)
        if self.gone:
            return (PeerState.OFF, "") if self.gone == "bye" else (PeerState.LOST, "")
        if mono_s - max(self.heard_s, self.answered_s) > SILENT_S:
            return PeerState.LOST, ""
        if self.distrust or self.turned_away:
            return PeerState.REFUSED, self.distrust or self.turned_away
        return (PeerState.LIVE if self.is_answering else PeerState.CONNECTING), ""

    def is_there(self, mono_s: float) -> bool:
        """Worth asking."""
        if self.gone or self.distrust or mono_s < self.turned_until_s:
            return False
        return mono_s - max(self.heard_s, self.answered_s) <= SILENT_S

    def drop(self) -> None:
        """The link broke: what was asked is lost, and is asked again."""
        if self.asking is not None:
            self.asking.talk.close()
            self.asking = None
        self.is_answering = False
        self.assembly = Assembly()


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may be believed to be a station of this site. Without an authority everybody is, at first sight."""

    place: Place
    authority: bytes = b""
    revoked: frozenset[UUID] = frozenset()

    def why_not(self, station: UUID, note: HeadNote) -> str:
        """Why a station that proved to own this key is not exchanged with; empty when it is."""
        if station in self.revoked:
            return REVOKED
        if not self.authority:
            return ""
        try:
            check_certificate(
                note.certificate.hex(),
                self.authority,
                site=self.place.site,
                station=station,
                code=note.code,
                public_key=note.public_key,
            )
        except BadCertificate:
            return NOT_ENROLLED
        return ""


@dataclass(frozen=True, slots=True)
class Self:
    """What this station says of itself. `certificate` and `request` are asked each time: it may be let in meanwhile.

    `request` gives what a station publishes that wants in, None when it is in.
    """

    trust: Trust
    name: str
    public_key: bytes
    certificate: Callable[[], str] = lambda: ""
    request: Callable[[], bytes | None] = lambda: None


def is_odd(note: HeadNote) -> bool:
    """A head that no Leitstand makes."""
    return not 1 <= len(note.code) <= _MAX_CODE or not note.code.isalnum() or len(note.public_key) != 32


def shown_name(note: HeadNote) -> str:
    """Its own name for itself as one plain line."""
    return "".join(one if one.isprintable() else " " for one in note.name[:MAX_NAME]).strip()
