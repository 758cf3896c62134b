"""Words for the room that the history takes: size, growth, days left; what cannot be foretold is said so."""

from math import isinf

from console.services.records import HistoryRecord
from console.ui.format import DASH, date_text, local, number_text, whole_text
from console.ui.translation import tr


def history_text(record: HistoryRecord | None) -> str:
    """One line; trouble first."""
    if record is None:
        return tr("History {what}", what=DASH)
    if record.lost:
        return tr("History: {n} samples not kept", n=whole_text(record.lost))
    if record.waiting:
        return tr("History: {n} samples wait to be written", n=whole_text(record.waiting))
    return _room_text(record)


def centre_text(record: HistoryRecord | None) -> str:
    """How far the history was handed over to the centre; empty where there is none."""
    if record is None or record.centre == "off":
        return ""
    if record.centre == "refused":
        return tr("History at the centre: refused. {reason}", reason=record.centre_detail)
    if not record.handed_until_us:
        return tr("History at the centre: nothing yet")
    at = local(record.handed_until_us)
    until = f"{date_text(at)} {at:%H:%M}"
    if record.hours_waiting > 1:
        return tr(
            "History at the centre until {moment}; {n} hours wait", moment=until, n=whole_text(record.hours_waiting)
        )
    return tr("History at the centre until {moment}", moment=until)


def _room_text(record: HistoryRecord) -> str:
    size = tr("History {what}", what=size_text(record.size))
    if record.per_day is None or record.days_left is None:
        return tr("{size} · growth not predictable yet", size=size)
    grown = tr("{size} · {more} a day", size=size, more=size_text(record.per_day))
    if isinf(record.days_left):
        return tr("{grown} · never full", grown=grown)
    days = whole_text(int(record.days_left))
    if record.tightest:
        return tr("{grown} · class {name} full in {n} days", grown=grown, name=record.tightest, n=days)
    return tr("{grown} · disk full in {n} days", grown=grown, n=days)


def size_text(size: float) -> str:
    """In kB, MB or GB, whole or with one place."""
    for unit, width in (("GB", 1e9), ("MB", 1e6)):
        if size >= width:
            return tr("{n} {unit}", n=_short(size / width), unit=unit)
    return tr("{n} {unit}", n=_short(size / 1e3), unit="kB")


def _short(number: float) -> str:
    return number_text(number, digits=2) if number < 10 else whole_text(round(number))
