"""How the exchange of journals reads: peers, clocks, streams, flags, places and the few facts that need an eye."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from console.services.records import PeerRecord, PeerState, SyncRecord
from console.ui.format import DASH, US, age_text, whole_text
from console.ui.translation import mark, tr, tr_n

CLOCK_WARNING_S, CLOCK_ALARM_S = 5.0, 300.0
BACKUP_OVERDUE_US = 30 * 60 * US  # a backup is due every 15 minutes: one that failed is forgiven, two are not

REASON_WORDS: Mapping[str, str] = {
    "first_start": mark("first start"),
    "fingerprint": mark("another machine or a copied data folder"),
    "rolled_back": mark("the file was older than what had been written"),
    "unknown_own": mark("others held events of ours that were not here"),
    "salvage": mark("the database was damaged and rebuilt"),
    "restored": mark("restored from a backup"),
    "key": mark("the station's key changed"),
    "enrolled": mark("the station was enrolled"),
    "clock": mark("the station's clock is right again"),
}
FLAG_WORDS: Mapping[str, str] = {
    "unauthorised": mark("not permitted: awaits a countersignature"),
    "revoked_user": mark("the person's rights had been withdrawn"),
    "revoked_station": mark("the station had been revoked"),
    "clock_suspect": mark("the station's clock was wrong"),
    "fork_branch": mark("written twice: a copied or restored data folder"),
    "unknown_type": mark("of a newer Leitstand: kept, without effect here"),
    "poison": mark("could not be applied: kept, without effect here"),
    "pending": mark("waits for what comes before it"),
    "rejected": mark("not accepted"),
}
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-HJKMNP-TV-Z]{4}-?[0-9A-HJKMNP-TV-Z]{4}(?![0-9A-Z])")


@dataclass(frozen=True, slots=True)
class SyncFact:
    """One thing worth an eye; texts translated. `lamp` is normal, warning, alarm or unknown."""

    key: str
    label: str
    text: str
    lamp: str = "normal"
    tip: str = ""


def peer_name(peer: PeerRecord) -> str:
    """`Centre`, or the neighbour's own name with its code."""
    if peer.name == "centre":
        return tr("Centre")
    code = peer.name.partition(":")[2] or peer.name
    return f"{peer.shown} ({code})" if peer.shown and peer.shown != code else code


def reason_word(reason: str) -> str:
    """Why a stream was opened; a reason of another version is shown as it is."""
    return tr(REASON_WORDS[reason]) if reason in REASON_WORDS else reason


def flag_word(flag: str) -> str:
    return tr(FLAG_WORDS[flag]) if flag in FLAG_WORDS else flag.replace("_", " ")


def flags_text(flags: tuple[str, ...]) -> str:
    return " · ".join(map(flag_word, flags))


def places_text(in_centre: bool, stations: int) -> str:
    """Where an act is kept durably: `this PC`, `this PC · 2 stations · centre`."""
    places = [tr("this PC")]
    if stations:
        places.append(tr_n("{n} station", "{n} stations", stations))
    if in_centre:
        places.append(tr("centre"))
    return " · ".join(places)


def is_only_here(in_centre: bool, stations: int) -> bool:
    return not in_centre and stations <= 0


def clock_grade(offset_s: float | None) -> str:
    """normal, warning (more than 5 s), alarm (more than 5 min); unknown is never normal."""
    if offset_s is None:
        return "unknown"
    size = abs(offset_s)
    return "alarm" if size > CLOCK_ALARM_S else "warning" if size > CLOCK_WARNING_S else "normal"


def clock_words(offset_s: float | None) -> str:
    """`0.3 s ahead`, `1:02 h behind`: theirs against ours."""
    if offset_s is None:
        return DASH
    size = abs(offset_s)
    if size < 0.05:
        return "0 s"
    shown = f"{size:.1f} s" if size < 10 else f"{size:.0f} s" if size < 60 else age_text(round(size * US))
    return tr("{time} ahead", time=shown) if offset_s > 0 else tr("{time} behind", time=shown)


def lag_words(peer: PeerRecord) -> str:
    """Since the last answered exchange; a live peer answers all the time, what was never answered is a dash."""
    if peer.lag_s is None:
        return tr("just now") if is_trusted_peer(peer) else DASH
    return f"{peer.lag_s:.1f} s" if peer.lag_s < 10 else age_text(round(peer.lag_s * US))


def is_trusted_peer(peer: PeerRecord) -> bool:
    return peer.state == PeerState.LIVE


def pairing_code(why: str) -> str:
    """The pairing code that the enrolment text names (8 Crockford characters), empty for none."""
    found = _CODE.search(why)
    return found.group() if found else ""


def backup_fact(record: SyncRecord, now_us: int) -> SyncFact:
    """A backup that was never made or is overdue is a warning."""
    if not record.backup_us:
        return SyncFact("backup", tr("Backup"), tr("none yet"), "warning", record.backup_detail)
    age_us = max(0, now_us - record.backup_us)
    text = tr("{age} ago", age=age_text(age_us))
    lamp = "warning" if age_us > BACKUP_OVERDUE_US else "normal"
    return SyncFact("backup", tr("Backup"), text, lamp, record.backup_detail)


def clock_fact(record: SyncRecord) -> SyncFact | None:
    """The peer whose clock is farthest off, when one is off; None while all agree or none is known."""
    known = [peer for peer in record.peers if peer.clock_offset_s is not None]
    worst = max(known, key=lambda peer: abs(peer.clock_offset_s or 0.0), default=None)
    if worst is None or clock_grade(worst.clock_offset_s) == "normal":
        return None
    text = f"{peer_name(worst)} {clock_words(worst.clock_offset_s)}"
    return SyncFact("peer_clock", tr("Clock"), text, clock_grade(worst.clock_offset_s))


def facts(record: SyncRecord, now_us: int) -> tuple[SyncFact, ...]:
    """What the head of the Sync view tells, fine or not."""
    clock = clock_fact(record)
    return (
        SyncFact(
            "waiting",
            tr("On this PC only"),
            whole_text(record.own_waiting),
            "warning" if record.own_waiting else "normal",
            tr("Actions of this station that no other station and not the centre is known to hold"),
        ),
        SyncFact("conflicts", tr("Conflicts"), whole_text(record.conflicts), _warn(record.conflicts)),
        SyncFact("forks", tr("Forks"), whole_text(record.forks), _warn(record.forks), tr(_FORK_TIP)),
        SyncFact("quarantined", tr("Set apart"), whole_text(len(record.quarantined)), _warn(len(record.quarantined))),
        backup_fact(record, now_us),
        *((clock,) if clock else ()),
    )


_FORK_TIP = mark("A data folder was copied or brought back: both branches are kept, nothing is lost")


def urgent_facts(record: SyncRecord, now_us: int) -> tuple[SyncFact, ...]:
    """Only what is not as it should be."""
    return tuple(fact for fact in facts(record, now_us) if fact.lamp != "normal")


def _warn(count: int) -> str:
    return "warning" if count else "normal"
