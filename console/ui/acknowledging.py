"""Acknowledging alarms, the same way from list, banner and faceplate: sure about many, a word, a signature."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QWidget

from console.domain.alarms import Condition, Occurrence, Priority
from console.domain.commands import AcknowledgeAlarms
from console.services.station import Receipt, Station
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question, ask
from console.ui.signing import do
from console.ui.translation import tr, tr_n, whole_text

ASK_ABOVE = 10  # more than these at once: are you sure, with the critical ones by name (ALARM-T40)
_NAMED = 12  # alarms named one by one in a question

Say = Callable[[str], None]


class Named(Protocol):
    """An alarm as a question names it."""

    @property
    def name(self) -> str: ...
    @property
    def priority(self) -> int: ...


class Owed(Named, Protocol):
    """An alarm that waits for acknowledgement, as it was on screen when the person acted."""

    @property
    def occurrence(self) -> Occurrence: ...
    @property
    def condition(self) -> Condition: ...


@dataclass(frozen=True, slots=True)
class OwedAlarm:
    """The plainest `Owed`."""

    occurrence: Occurrence
    condition: Condition
    name: str
    priority: int


async def acknowledge(
    station: Station,
    owed: Sequence[Owed],
    parent: QWidget,
    say: Say,
    *,
    already: int = 0,
    ask_above: int = ASK_ABOVE,
    title: str = "",
) -> None:
    """Exactly these, asked first where they are more than `ask_above`, need a comment or a signature.

    `already`: how many were left out before; with those that the station skips they are told. Raises Refused.
    """
    if len(owed) > ask_above and not _needs_word(owed) and not await _agrees(owed, parent, title):
        return
    receipts: list[Receipt | None] = []

    async def submit(comment: str) -> None:
        signs = any(one.condition.needs_signature for one in owed)
        command = AcknowledgeAlarms(tuple(one.occurrence for one in owed), comment, signs=signs)
        receipts.append(await do(station, command, parent))

    if any(one.condition.needs_comment for one in owed):
        await _with_comment(owed, submit, parent)
    else:
        await submit("")
    done = [one for one in receipts if one is not None]
    left_out = already + sum(len(one.skipped) for one in done)
    if done and left_out:
        say(
            tr_n(
                "{n} alarm was acknowledged already and is left out.",
                "{n} alarms were acknowledged already and are left out.",
                left_out,
            )
        )


def names_of(alarms: Sequence[Named], most: int = _NAMED) -> list[str]:
    """One line for each, the first `most` of them, then how many more."""
    lines = [one.name for one in alarms[:most]]
    return [*lines, tr("and {n} more", n=whole_text(len(alarms) - most))] if len(alarms) > most else lines


def listed(alarms: Sequence[Named]) -> list[str]:
    """Critical alarms by name, the others by their number: what a question about many says."""
    critical = [one for one in alarms if one.priority == Priority.CRITICAL]
    lines = []
    if critical:
        lines.append(tr_n("{n} critical alarm:", "{n} critical alarms:", len(critical)))
        lines += [f"    {name}" for name in names_of(critical)]
    others = [one for one in alarms if one.priority != Priority.CRITICAL]
    if others and not critical and len(others) <= _NAMED:
        return names_of(others)
    if others:
        lines.append(tr_n("{n} other alarm", "{n} other alarms", len(others)))
    return lines


def _needs_word(alarms: Sequence[Owed]) -> bool:
    return any(one.condition.needs_comment or one.condition.needs_signature for one in alarms)


async def _agrees(alarms: Sequence[Owed], parent: QWidget, title: str) -> bool:
    n = len(alarms)
    question = Question(
        title or tr_n("Acknowledge {n} alarm?", "Acknowledge {n} alarms?", n),
        "\n".join(listed(alarms)),
        accept=tr_n("Acknowledge {n} alarm", "Acknowledge {n} alarms", n),
        has_default=False,
    )
    return await ask(question, parent) is not None


async def _with_comment(owed: Sequence[Owed], submit: Callable[[str], Awaitable[None]], parent: QWidget) -> None:
    n = len(owed)
    asking = [one for one in owed if one.condition.needs_comment]
    question = Question(
        tr_n("Acknowledge {n} alarm?", "Acknowledge {n} alarms?", n),
        "\n".join(listed(owed)),
        (Field("comment", tr("Comment"), "lines", required=True),),
        tr_n("Acknowledge {n} alarm", "Acknowledge {n} alarms", n),
        hints=(tr("Nobody acknowledges these without a word: {names}", names=", ".join(names_of(asking, 3))),),
        has_default=n <= 1,
    )
    await ask_until_done(question, lambda answers: submit(answers["comment"]), parent)
