"""Putting alarms aside for a time: which may be, for how long, asked once with a reason; extended with one key.

Whole areas are never offered: only what is selected, and no more at once than the site allows (ALARM-F27 to F29).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from console.domain.alarm_classes import AlarmSettings
from console.domain.alarm_commands import ShelveAlarms, UnshelveAlarms
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import Priority
from console.domain.refusal import Refused
from console.domain.shelving import REASON_CODES
from console.models.alarm_aside import REASON_WORDS
from console.services.station import Station
from console.ui.acknowledging import Say, listed, names_of
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question
from console.ui.translation import mark, tr, tr_n
from console.views.alarms.seen import Seen

SECOND_US = 1_000_000
_FIRST_PRESET_S = 15 * 60
NOT_SHELVABLE = mark("These alarms may not be shelved: {names}")


@dataclass(frozen=True, slots=True)
class Shelvable:
    """Of a selection: what may be shelved and for how long at most (seconds), and what may not."""

    alarms: tuple[Seen, ...]
    refused: tuple[Seen, ...]
    longest_s: int


def shelvable(alarms: Sequence[Seen], settings: AlarmSettings) -> Shelvable:
    """By priority, class and rule."""
    limits = {seen: longest(seen, settings) for seen in alarms}
    allowed = tuple(seen for seen in alarms if limits[seen] > 0)
    refused = tuple(seen for seen in alarms if limits[seen] <= 0)
    return Shelvable(allowed, refused, min((limits[seen] for seen in allowed), default=0))


def longest(seen: Seen, settings: AlarmSettings) -> int:
    """Seconds that this alarm may be shelved at most, 0: never."""
    alarm_class = settings.class_of(seen.condition.alarm_class)
    if not seen.condition.is_shelvable or not alarm_class.is_shelvable or not 1 <= seen.priority <= 4:
        return 0
    return min(settings.shelving.longest_s.get(Priority(seen.priority), 0), alarm_class.longest_shelf_s)


def lasting_text(seconds: int) -> str:
    """`15 min`, `2 h`."""
    if seconds >= 3600 and seconds % 3600 == 0:
        return tr("{n} h", n=seconds // 3600)
    return tr("{n} min", n=max(1, seconds // 60))


async def shelve(station: Station, alarms: Sequence[Seen], settings: AlarmSettings, parent: QWidget, say: Say) -> None:
    """Ask how long and why, then shelve. Raises Refused when none of them may be, or they are too many at once."""
    if not alarms:
        raise Refused("Select an alarm first")
    fit = shelvable(alarms, settings)
    if not fit.alarms:
        raise Refused(NOT_SHELVABLE, names=", ".join(names_of(fit.refused, 5)))
    most = settings.shelving.at_once
    if len(fit.alarms) > most:
        raise Refused("At most {n} alarms can be shelved at once: nobody shelves an area", n=most)

    async def act(answers: Mapping[str, str]) -> None:
        command = ShelveAlarms(
            tuple(seen.occurrence for seen in fit.alarms),
            int(answers["duration"]),
            answers["code"],
            answers["reason"].strip(),
            bool(answers["one_shot"]),
        )
        receipt = await station.submit(command)
        if receipt.skipped:
            say(tr("Left out: {names}", names=", ".join(receipt.skipped)))

    await ask_until_done(shelve_question(fit, settings), act, parent)


def shelve_question(fit: Shelvable, settings: AlarmSettings) -> Question:
    """Only durations that every one of them allows; no default button for several."""
    n = len(fit.alarms)
    presets = [seconds for seconds in settings.shelving.presets_s if seconds <= fit.longest_s] or [fit.longest_s]
    first = _FIRST_PRESET_S if _FIRST_PRESET_S in presets else presets[0]
    codes = tuple((code, tr(REASON_WORDS[code])) for code in REASON_CODES)
    again = [seen for seen in fit.alarms if seen.flags & AlarmFlag.SHELVED]
    hints = [tr("They come back by themselves; whatever they do meanwhile is written down.")]
    if again:
        hints.append(tr("{n} of them: the new end replaces the old one.", n=len(again)))
    if fit.refused:
        names = ", ".join(names_of(fit.refused, 3))
        hints.append(
            tr_n("{n} of the selection may not be shelved: {names}", "{n} of the selection may not be shelved: {names}",
                 len(fit.refused), names=names)
        )  # fmt: skip
    return Question(
        tr_n("Shelve {n} alarm?", "Shelve {n} alarms?", n),
        "\n".join(listed(fit.alarms)),
        (
            Field(
                "duration",
                tr("For"),
                "options",
                str(first),
                tuple((str(seconds), lasting_text(seconds)) for seconds in presets),
            ),
            Field("one_shot", tr("One-shot: until its next return to normal, at the latest then"), "check"),
            Field("code", tr("Reason"), "options", "", codes),
            Field("reason", tr("In your words"), "lines", required=True),
        ),
        tr_n("Shelve {n} alarm", "Shelve {n} alarms", n),
        width=640,
        hints=hints,
        has_default=n <= 1,
    )


async def extend(station: Station, alarms: Sequence[Seen], settings: AlarmSettings, say: Say) -> None:
    """One key: shelved anew from now on, as long as before and for the same reason; the end is replaced."""
    shelved = [seen for seen in alarms if seen.shelf is not None]
    if not shelved:
        raise Refused("None of the selected alarms is shelved")
    like: dict[tuple[int, str, str, bool], list[Seen]] = {}
    for seen in shelved:
        assert seen.shelf is not None
        record, most = seen.shelf, longest(seen, settings)
        if not most:
            raise Refused(NOT_SHELVABLE, names=seen.name)
        lasts = min((record.until_us - record.since_us) // SECOND_US, most)
        key = (max(lasts, 1), record.reason_code or "other", record.reason, record.is_one_shot)
        like.setdefault(key, []).append(seen)
    for (lasts, code, reason, is_one_shot), group in like.items():
        occurrences = tuple(seen.occurrence for seen in group)
        await station.submit(ShelveAlarms(occurrences, lasts, code, reason, is_one_shot))
    lasting = {lasting_text(lasts) for lasts, _code, _reason, _shot in like}
    say(tr_n("{n} alarm is shelved for {time} from now on.", "{n} alarms are shelved for {time} from now on.",
             len(shelved), time=", ".join(sorted(lasting))))  # fmt: skip


async def unshelve(station: Station, alarms: Sequence[Seen]) -> None:
    """Back into the list as they are."""
    shelved = [seen for seen in alarms if seen.flags & AlarmFlag.SHELVED]
    if not shelved:
        raise Refused("None of the selected alarms is shelved")
    await station.submit(UnshelveAlarms(tuple(seen.occurrence.condition_id for seen in shelved)))
