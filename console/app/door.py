"""The running station's door for the command line: questions and acts as one JSON line each."""

import asyncio
import dataclasses
import json
import time
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from console.app import archive_door, carry_door
from console.app.answers import STEP, answer
from console.app.folders import Folders
from console.app.storage_care import backup_keeper
from console.app.tag_recall import TagRecall
from console.config.settings import StationSettings
from console.domain.alarms import Occurrence
from console.domain.commands import COMMANDS, Command, SilenceHorn
from console.domain.refusal import Refused
from console.services.identity.sign_on import SignOnDesk
from console.services.local_station import LocalStation, Parts
from console.services.storage.schema import Database

if TYPE_CHECKING:
    from console.app.history_room import HistoryRoom
    from console.app.sync_room import SyncRoom


_BOOLS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Core(Protocol):
    """What the door needs of a built station."""

    @property
    def parts(self) -> Parts: ...

    @property
    def station(self) -> LocalStation: ...
    @property
    def settings(self) -> StationSettings: ...
    @property
    def folders(self) -> Folders: ...
    @property
    def sync(self) -> "SyncRoom": ...
    @property
    def journal_db(self) -> Database: ...
    @property
    def recall(self) -> TagRecall: ...
    @property
    def history(self) -> "HistoryRoom": ...


_FURTHER = {**carry_door.OPS, **archive_door.OPS}


class Door:
    """Answers `{"op": "query" | "act" | "backup" | "raise" | "ping" ...}`. Every answer is an object with `ok`."""

    def __init__(self, core: Core, raise_window: Callable[[], None] | None = None) -> None:
        self._core = core
        self._raise_window = raise_window

    async def handle(self, line: bytes) -> bytes:
        """One question, one answer; never raises."""
        try:
            return await _encoded(await self._reply(json.loads(line)))
        except Refused as refusal:
            reply = {"ok": False, "refused": str(refusal)}
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        return json.dumps(reply, ensure_ascii=True, allow_nan=False).encode()

    async def _reply(self, question: dict[str, Any]) -> dict[str, Any]:
        match question["op"]:
            case "ping" | "raise" as op:
                return self._raise() if op == "raise" else {"ok": True}
            case "query":
                await self._core.recall.wait()
                return {"ok": True, "rows": await answer(self._core, question["what"], question.get("args", {}))}
            case "backup":
                return await self.back_up(question["file"], with_history=question.get("history") is True)
            case str(op) if op in _FURTHER:
                return await _FURTHER[op](self._core, question)
            case "act":
                return await self.act(question["command"], question["fields"], question["login"], question["password"])
        return {"ok": False, "error": f"unknown op {question['op']!r}"}

    def _raise(self) -> dict[str, Any]:
        if self._raise_window is None:
            return {"ok": False, "error": "this station has no window"}
        self._raise_window()
        return {"ok": True}

    async def back_up(self, file: str, *, with_history: bool = False) -> dict[str, Any]:
        """A backup on demand, told to the journal. Raises Refused; what the disk says becomes an error."""
        keeper = backup_keeper(self._core, self._core.parts.journal, lambda: time.time_ns() // 1000)
        try:
            report = await keeper.make(Path(file), with_history=with_history)
        except OSError as error:
            return {"ok": False, "error": str(error)}
        return {
            "ok": True, "file": str(report.file), "events": report.events, "size": report.size,
            "sha256": report.sha256,
        }  # fmt: skip

    async def act(self, name: str, fields: dict[str, str], login: str, password: str) -> dict[str, Any]:
        """Submit one command as this person, in a session of its own. Raises Refused and ValueError."""
        command = command_from(name, fields)
        if not login and not isinstance(command, SilenceHorn):
            # never in the name of whoever happens to be signed on at the window
            raise Refused("Name the person who acts: --user")
        sign_on: SignOnDesk = self._core.parts.people.sign_on
        session = None
        if login:
            session, _ = await sign_on.open_session(login, password)
        try:
            receipt = await self._core.station.submit(command, session)
        finally:
            if session is not None:
                await sign_on.end_session(session, "leitstand act")
        return {"ok": True, "hashes": list(receipt.hashes), "entity_id": receipt.entity_id, "number": receipt.number}


async def _encoded(reply: dict[str, Any]) -> bytes:
    """The reply as JSON; long rows in steps, so that the loop goes on meanwhile. ValueError for NaN."""
    rows = reply.pop("rows", None)
    head = json.dumps(reply, allow_nan=False)
    if rows is None:
        return head.encode()
    parts = []
    for start in range(0, len(rows), STEP):
        parts.append(json.dumps(rows[start : start + STEP], allow_nan=False)[1:-1])
        await asyncio.sleep(0)
    return f'{head[:-1]}, "rows": [{", ".join(parts)}]}}'.encode()


def command_from(name: str, fields: dict[str, str]) -> Command:
    """The command of this name from texts. Several occurrences are `<condition>@<start_us>`, several values
    `name=value`, separated by commas.

    Raises ValueError that names what is missing, unknown or of the wrong form.
    """
    if name not in COMMANDS:
        raise ValueError(f"no command '{name}'; there are: {', '.join(sorted(COMMANDS))}")
    kind = COMMANDS[name]
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in dataclasses.fields(kind)}
    given = {key.replace("-", "_"): value for key, value in fields.items()}
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"{name} has no field {', '.join(unknown)}; it has: {', '.join(known)}")
    required = [key for key, f in known.items() if f.default is dataclasses.MISSING and key not in given]
    if required:
        raise ValueError(f"{name} needs --{' --'.join(required)}")
    return kind(**{key: _value(hints[key], key, text) for key, text in given.items()})


def _value(hint: Any, key: str, text: str) -> Any:
    try:
        return _parsed(hint, text)
    except ValueError as error:
        raise ValueError(f"--{key}: '{text}' is not valid: {error}") from error


def _several(items: tuple[Any, ...], text: str) -> tuple[Any, ...]:
    """What stands between commas; a pair of two is `name=value`."""
    if items[1:] != (...,):
        name, _, value = text.partition("=")
        return (name.strip(), value.strip())
    return tuple(_parsed(items[0], part.strip()) for part in text.split(",") if part.strip())


def _either(kinds: tuple[Any, ...], text: str) -> Any:
    """One of several types: an id, a whole number where it is one, else the text."""
    if UUID in kinds:
        return UUID(text)
    return int(text) if int in kinds and text.lstrip("-").isdigit() else text


def _parsed(hint: Any, text: str) -> Any:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _several(typing.get_args(hint), text)
    if origin in (typing.Union, types.UnionType):
        return _either(typing.get_args(hint), text)
    if hint is Occurrence:
        condition, _, start = text.partition("@")
        return Occurrence(UUID(condition), int(start))
    if hint is bool:
        if text.lower() not in _BOOLS:
            raise ValueError("yes or no")
        return _BOOLS[text.lower()]
    if hint in (int, float, UUID):
        return hint(text)
    return text
