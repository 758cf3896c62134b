"""The status strip's words from the records: broker, neighbours, centre, freshness, collector, person, clock."""

from collections.abc import Mapping

from console.app.frame.people_items import person_item
from console.models.sync_words import urgent_facts
from console.services.records import LinkRecord, SessionRecord, StatusRecord, SyncRecord
from console.ui.format import age_text, date_text, local, state_word, whole_text
from console.ui.translation import mark, tr, tr_n
from console.widgets.lamp import LampState
from console.widgets.status_strip import StripItem

_LAMPS = {
    "live": LampState.NORMAL,
    "connecting": LampState.WARNING,
    "lost": LampState.ALARM,
    "refused": LampState.ALARM,
}
_LAG_SHOWN_S = 1.0


def strip_items(
    links: Mapping[str, LinkRecord],
    status: StatusRecord | None,
    session: SessionRecord | None,
    now_us: int,
    sync: SyncRecord | None = None,
) -> tuple[StripItem, ...]:
    """All items; a link that was never heard of is unknown, never live."""
    items: list[StripItem] = []
    brokers = [link for name, link in sorted(links.items()) if name.startswith("broker:")]
    for link in brokers:
        name = link.name.partition(":")[2]
        label = tr("Broker") if len(brokers) == 1 else tr("Broker {name}", name=name)
        items.append(_link_item(link, label, now_us))
    if not brokers:
        items.append(StripItem("broker", tr("Broker"), tr("unknown"), lamp=LampState.UNKNOWN))
    neighbours = [link for name, link in links.items() if name.startswith("neighbour:")]
    if neighbours:
        items.append(_neighbours(neighbours, now_us))
    if "centre" in links:
        items.append(_link_item(links["centre"], tr("Centre"), now_us))
    if sync is not None:
        items += _sync_items(sync, now_us)
    if status is not None:
        items += _status_items(status)
    items += [person_item(session, status, now_us), _clock(now_us)]
    return tuple(items)


def _link_item(link: LinkRecord, label: str, now_us: int) -> StripItem:
    lamp = _LAMPS.get(link.state, LampState.UNKNOWN)
    if link.name == "centre" and lamp == LampState.ALARM:
        lamp = LampState.WARNING  # the plant runs on without the centre; it only waits
    word = state_word(link.state)
    if link.state != "live" and link.since_us:
        word = f"{word} {age_text(now_us - link.since_us)}"
    rest = []
    if link.lag_s is not None and link.lag_s >= _LAG_SHOWN_S:
        rest.append(tr("{n} s behind", n=f"{link.lag_s:.0f}"))
    if link.waiting:
        rest.append(tr("{n} waiting", n=whole_text(link.waiting)))
    return StripItem(link.name, label, word, _dotted(rest), lamp, link.detail)


def _neighbours(links: list[LinkRecord], now_us: int) -> StripItem:
    live = sum(link.state == "live" for link in links)
    lamp = LampState.NORMAL if live == len(links) else LampState.WARNING
    detail = "\n".join(
        f"{link.name.partition(':')[2]}: {state_word(link.state)} {age_text(now_us - link.since_us)}" for link in links
    )
    return StripItem("neighbours", tr("Neighbours"), tr("{n} of {m}", n=live, m=len(links)), "", lamp, detail)


def _sync_items(sync: SyncRecord, now_us: int) -> list[StripItem]:
    """Whether this station may act, and in one place everything of the exchange that is not as it should be."""
    items = []
    if sync.enrolled:
        words = (tr("Enrolment"), tr("only watching"))
        items.append(StripItem("enrolment", *words, lamp=LampState.WARNING, tip=tr(sync.enrolled)))
    urgent = urgent_facts(sync, now_us)
    if not urgent:
        return items
    words_of = {
        "waiting": lambda: tr("{n} only on this PC", n=whole_text(sync.own_waiting)),
        "conflicts": lambda: tr_n("{n} conflict", "{n} conflicts", sync.conflicts),
        "forks": lambda: tr_n("{n} fork", "{n} forks", sync.forks),
        "quarantined": lambda: tr("{n} set apart", n=whole_text(len(sync.quarantined))),
        "backup": lambda: tr("backup overdue") if sync.backup_us else tr("no backup"),
        "peer_clock": lambda: tr("a clock is wrong"),
    }
    first, *rest = [words_of[fact.key]() for fact in urgent]
    lamp = LampState.ALARM if any(fact.lamp == "alarm" for fact in urgent) else LampState.WARNING
    tip = "\n".join(f"{fact.label}: {fact.text}" for fact in urgent)
    items.append(StripItem("sync", tr("Sync"), first, _dotted(rest), lamp, tip))
    return items


_BEHIND = {"people": "administration", "alarms": "alarms"}
SYNC_KEYS = frozenset({"sync", "enrolment", "neighbours", "centre"})


def view_behind(key: str) -> str:
    """Where a click on an item leads."""
    return "sync" if key in SYNC_KEYS else _BEHIND.get(key, "diagnostics")


def _status_items(status: StatusRecord) -> list[StripItem]:
    bad = [
        tr(text, n=whole_text(count))
        for text, count in (
            (_STALE, status.tags_stale),
            (_BAD, status.tags_bad),
            (_BLIND, status.tags_blind),
        )
        if count
    ]
    rate = tr("{n} samples a second", n=whole_text(round(status.samples_per_s)))
    live = tr("{n} live", n=whole_text(status.tags_live))
    items = [StripItem("tags", tr("Tags"), live, _dotted(bad), tip=rate)]
    items.append(StripItem("collector", tr("Collector"), state_word(status.collector)))
    if status.alarms_waiting:
        count = tr_n(
            "{n} change is still being taken in", "{n} changes are still being taken in", status.alarms_waiting
        )
        items.append(StripItem("alarms", tr("Alarms"), count, lamp=LampState.WARNING, tip=tr(BACKLOG_TIP)))
    if status.troubles:
        items.append(StripItem("troubles", tr("Bad input"), whole_text(status.troubles)))
    if status.defects:
        items.append(StripItem("defects", tr("Defects"), whole_text(status.defects), lamp=LampState.WARNING))
    return items


BACKLOG_TIP = mark("More changes come than are shown at once; the most urgent first. None is lost.")
_STALE = mark("{n} stale")
_BAD = mark("{n} bad")
_BLIND = mark("{n} blind")


def _clock(now_us: int) -> StripItem:
    moment = local(now_us)
    zone = moment.tzname() or ""
    tip = f"{date_text(moment)} {moment:%H:%M:%S} {moment:%z}"
    return StripItem("clock", "", f"{date_text(moment)} {moment:%H:%M:%S}", zone, tip=tip, is_left=False)


def _dotted(words: list[str]) -> str:
    return "· " + " · ".join(words) if words else ""
