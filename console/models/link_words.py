"""How our own links read: a lamp state and one line, the same on every screen."""

from console.services.records import LinkRecord
from console.ui.format import age_text, state_word
from console.ui.translation import tr, tr_n

_LAMPS = {"live": "normal", "connecting": "warning", "lost": "alarm", "refused": "alarm"}


def lamp_state(link: LinkRecord) -> str:
    """normal, warning, alarm or unknown. Only a broker's loss blinds the desk; the centre's is a warning."""
    found = _LAMPS.get(link.state, "unknown")
    return "warning" if found == "alarm" and not link.name.startswith("broker:") else found


def link_name(link: LinkRecord) -> str:
    kind, _colon, name = link.name.partition(":")
    if kind == "broker":
        return tr("Broker {name}", name=name)
    if kind == "neighbour":
        return tr("Neighbour {name}", name=name)
    return tr("Centre") if kind == "centre" else link.name


def link_text(link: LinkRecord, now_us: int) -> str:
    """`Centre lost 3:12 h · 14 actions waiting`."""
    since = f" {age_text(now_us - link.since_us)}" if link.state != "live" and link.since_us else ""
    waiting = f" · {tr_n('{n} action waiting', '{n} actions waiting', link.waiting)}" if link.waiting else ""
    return f"{link_name(link)} {state_word(link.state)}{since}{waiting}"
