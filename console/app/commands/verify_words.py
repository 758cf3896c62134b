"""What `leitstand verify` says, in the language of the station: from the catalogues, without Qt."""

import re
import tomllib
from datetime import UTC, datetime
from functools import cache

from console.services.identity.erasings import erased_person
from console.services.journal.entries import Entry
from console.services.journal.verify_report import Break, VerifyReport
from console.ui.resources import resource

LANGUAGES = ("en", "de")
_PLACE = re.compile(r"\{(\w+)\}")
# Reasons with something in them, as the proof makes them.
_TEMPLATES = (
    "{file}: stream {stream} seq {seq}: {why}",
    "{file}: seq {seq}, byte {at}: {why}",
    "{file}: {why}",
    "the end is missing: {written} events were written, {there} are there",
    "the file is damaged: {how}",
    "the file is of version {version}, this program knows {known}",
    "{name} is not as this program makes it",
    "the index {index} does not lead to every event (rows {start} to {end})",
    "{peer} holds an event that is not here",
    "the receipt of {peer} is not signed by it",
    "a flag names an event that is not here: {hash}",
    "a flag of the event is not one that this program sets: {flag}",
    "an event that waits: {why}",
    "seq {found} stands in its place",
    "seq {seq}: this event is not in the journal",
    "it was not sealed by a key of station {code} in this journal",
    "not in this folder: {uri}",
)


class Words:
    """`say` a template with its values; `of` a reason that was made elsewhere, with or without values in it."""

    def __init__(self, language: str) -> None:
        self._known = _catalogue(language)

    def say(self, text: str, **values: object) -> str:
        return self._known.get(text, text).format(**values)

    def of(self, reason: str) -> str:
        """A reason that no catalogue knows stays as it is."""
        if reason in self._known:
            return self._known[reason]
        for pattern, template in _patterns():
            if template in self._known and (found := pattern.fullmatch(reason)):
                return self.say(template, **{name: self.of(value) for name, value in found.groupdict().items()})
        return reason

    def place(self, one: Break) -> str:
        if not one.stream:
            return self.say("file: {why}", why=self.of(one.reason))
        return self.say("stream {stream} seq {seq}: {why}", stream=one.stream, seq=one.seq, why=self.of(one.reason))

    def note(self, one: Break) -> str:
        return self.say(
            "note: stream {stream} seq {seq}: {why}", stream=one.stream or "-", seq=one.seq, why=self.of(one.reason)
        )

    def erasing(self, entry: Entry) -> str:
        """By ids: a journal holds no names; the People page tells them."""
        return self.say(
            "finding: stream {stream} seq {seq}: {person} was erased by {user}, who had no right to it, on {at} UTC at "
            "station {station}: add the person anew and merge the old entry into the new one, or countersign it",
            stream=entry.stream,
            seq=entry.seq,
            person=erased_person(entry),
            user=entry.actor.user_id,
            at=_minute(entry.wall_us),
            station=entry.station_code,
        )

    def counted(self, report: VerifyReport) -> str:
        """What was looked at: as many words as there is something to say."""
        counts = {"n": report.events, "groups": report.groups, "streams": report.streams}
        said = [self.say("{n} events in {groups} groups and {streams} streams", **counts)]
        if report.unbound:
            said.append(self.say("{n} of these with an id of before ids named their station", n=report.unbound))
        if report.segments:
            said.append(self.say("{n} more in {parts} archived parts", n=report.archived, parts=report.segments))
        said.append(self.say("{n} receipts", n=report.receipts))
        if report.signed_receipts:
            said[-1] += self.say(" ({n} signed)", n=report.signed_receipts)
        return ", ".join(said)

    def verdict(self, breaks: int, findings: int = 0) -> str:
        """`sound`, or in how many places it is not."""
        said = self.say("sound")
        if breaks:
            said = self.say("BROKEN in {n} place", n=1) if breaks == 1 else self.say("BROKEN in {n} places", n=breaks)
        return f"{said}, " + self.say("findings: {n}", n=findings) if findings else said


def _minute(wall_us: int) -> str:
    try:
        return f"{datetime.fromtimestamp(wall_us / 1_000_000, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, OSError, ValueError):  # of a clock that was wrong beyond any calendar
        return f"{wall_us} us"


@cache
def _catalogue(language: str) -> dict[str, str]:
    path = resource("translations", language, "verify.toml")
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The templates, those with the most fixed words first: `{file}: {why}` fits whatever has a colon in it."""
    by_words = sorted(_TEMPLATES, key=lambda text: -len(_PLACE.sub("", text)))
    return [(re.compile(_as_pattern(text)), text) for text in by_words]


def _as_pattern(template: str) -> str:
    parts = _PLACE.split(template)
    return "".join(re.escape(part) if n % 2 == 0 else f"(?P<{part}>.+?)" for n, part in enumerate(parts))
