"""A station that has something to tell about its exchange: a lost neighbour, a wrong clock, a fork, hostile texts."""

from uuid import UUID, uuid5

from console.services import records as r

SITE = UUID("0190b6f0-0000-7000-8000-000000000001")
NOW_US = 1_795_300_867_000_000
MINUTE = 60_000_000
PEERS = (
    r.PeerRecord("centre", "lost", NOW_US - 192 * MINUTE, None, "", None, None, 14, 0, "connection refused"),
    r.PeerRecord("neighbour:K2", "live", NOW_US - 90 * MINUTE, UUID(int=2), "Desk South", 0.4, 0.02, 0, 0),
    r.PeerRecord("neighbour:K3", "live", NOW_US - 20 * MINUTE, UUID(int=3), "Gate", 1.2, 342.0, 3, 1480),
    r.PeerRecord("neighbour:K4", "refused", NOW_US - 5 * MINUTE, UUID(int=4), "<b>Lab</b>", None, None, 14, 0, "site"),
)
STREAMS = (
    r.StreamRecord(uuid5(SITE, "K1.2"), "K1", True, True, False, 1204, "restored", NOW_US - 3000 * MINUTE),
    r.StreamRecord(uuid5(SITE, "K1.1"), "K1", True, False, True, 881, "first_start", NOW_US - 90000 * MINUTE),
    r.StreamRecord(uuid5(SITE, "K2"), "K2", False, True, False, 15_877, "first_start", NOW_US - 80000 * MINUTE),
)
APART = (
    r.QuarantinedEvent(
        "a1" * 32, STREAMS[2].stream, 15_870, "unauthorised", "", NOW_US - MINUTE, "K2", "incident.moved"
    ),
    r.QuarantinedEvent("b2" * 32, None, 0, "rejected", "signature <i>does not fit</i>", NOW_US - 9 * MINUTE, "K4"),
    r.QuarantinedEvent("c3" * 32, STREAMS[1].stream, 880, "fork_branch", "", NOW_US - 30 * MINUTE, "K1", "new.kind"),
)


def busy() -> r.SyncRecord:
    """Much to tell."""
    return r.SyncRecord(
        PEERS, STREAMS, APART, (r.CatchUp("neighbour:K3", 620, 2100),), 2, 1, 14, "", NOW_US - 42 * MINUTE, "D:/backup"
    )


def calm() -> r.SyncRecord:
    """Everything is where it belongs."""
    centre = r.PeerRecord("centre", "live", NOW_US - 60 * MINUTE, None, "", 0.8, 0.01)
    return r.SyncRecord((centre, PEERS[1]), (STREAMS[0],), backup_us=NOW_US - 7 * MINUTE)


def unenrolled() -> r.SyncRecord:
    """A new station that waits for an administrator elsewhere."""
    why = "This station is not enrolled: an administrator types the pairing code 7K2M-Q9XR at a station that is"
    return r.SyncRecord((), (), enrolled=why)
