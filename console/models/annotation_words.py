"""How an annotation and its wordings read: when, by whom, and what stands beside each other."""

from console.services.trend_records import AnnotationRecord, NoteVersion, PensVersion
from console.ui.format import clock_text
from console.ui.translation import tr, tr_n


def span_text(from_us: int, to_us: int, now_us: int) -> str:
    """A moment, or from until."""
    if to_us <= from_us:
        return clock_text(from_us, now_us)
    return f"{clock_text(from_us, now_us)} – {clock_text(to_us, from_us)}"


def by_text(one: AnnotationRecord, now_us: int) -> str:
    """Who wrote it, and who changed it last."""
    written = f"{one.author}, {clock_text(one.added_us, now_us)}"
    if len(one.earlier) < 2:
        return written
    changed = tr("withdrawn by {who}") if one.is_gone else tr("changed by {who}")
    return f"{written} · {changed.format(who=one.changed_by)}, {clock_text(one.changed_us, now_us)}"


def dispute_text(one: AnnotationRecord) -> str:
    """That several wordings stand, empty when one does."""
    return tr_n("{n} wording", "{n} wordings stand beside each other", len(one.competing)) if one.competing else ""


def wording_text(version: NoteVersion, now_us: int) -> str:
    said = tr("withdrawn") if version.is_gone else version.text
    return f"{version.who}, {clock_text(version.at_us, now_us)}: {said}"


def pens_text(version: PensVersion, now_us: int) -> str:
    """One wording of a pen group."""
    said = tr("deleted") if version.is_gone else f"{version.name}, {tr_n('{n} pen', '{n} pens', len(version.tag_ids))}"
    return f"{version.who}, {clock_text(version.at_us, now_us)}: {said}"
