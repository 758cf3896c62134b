"""The connection to the centre with an end to every wait: who swallows is lost, and closing is quick."""

import select
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from console.config.private_file import is_private
from console.config.settings import CentreSettings
from console.services.sync.central_schema import CentreRefuses

T = TypeVar("T")
_CONNECT_S = 3.0
_LOOK_S = 0.1  # how soon a cut is noticed
_STATEMENT_TIMEOUT_MS = 10_000
_ANSWER_S = 12.0  # the server gives up first, unless nobody hears it


class Line:
    """One attempt to reach the centre: `open` once in the sync thread, `cut` from any thread."""

    def __init__(self, settings: CentreSettings) -> None:
        self._settings = settings
        self._is_cut = threading.Event()
        self._patience_s = _ANSWER_S

    def open(self) -> "psycopg.Connection[Any]":
        """Connect, autocommit. Raises psycopg.OperationalError (also when cut or silent for 3 s), CentreRefuses."""
        pgconn = pq.PGconn.connect_start(_conninfo(self._settings).encode())
        try:
            self._greet(pgconn)
        except BaseException:
            pgconn.finish()
            raise
        pgconn.nonblocking = 1
        connection = _Bounded(pgconn)
        connection.line = self
        connection.autocommit = True
        return connection

    def cut(self) -> None:
        """End whatever waits on this line, within a tenth of a second: it fails as if the network had broken."""
        self._is_cut.set()

    def rest(self, seconds: float) -> None:
        """Wait before another try, no longer than until the cut."""
        self._is_cut.wait(seconds)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """An answer that is always quick: who does not give it in time is away."""
        self._patience_s = seconds
        try:
            yield
        finally:
            self._patience_s = _ANSWER_S

    def bounded(self, steps: "Generator[Any, Any, T]") -> "Generator[Any, Any, T]":
        """psycopg's steps of one wait, ended by the patience or the cut."""
        until_s = time.monotonic() + self._patience_s
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                if not ready:
                    self._check(until_s)
                wanted = steps.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result

    def _check(self, until_s: float) -> None:
        if self._is_cut.is_set():
            raise psycopg.OperationalError("the station is closing")
        if time.monotonic() >= until_s:
            raise psycopg.OperationalError("the centre does not answer")

    def _greet(self, pgconn: "pq.abc.PGconn") -> None:
        """libpq's own steps, waiting in slices; a host name with several addresses shares the time."""
        until_s = time.monotonic() + _CONNECT_S
        waits_for = pq.PollingStatus.WRITING  # libpq: before the first poll, as if it had said so
        while True:
            if pgconn.status == pq.ConnStatus.BAD:
                raise psycopg.OperationalError(pgconn.get_error_message())
            self._check(until_s)
            if not _is_ready(pgconn.socket, waits_for):
                continue
            waits_for = pq.PollingStatus(pgconn.connect_poll())
            if waits_for == pq.PollingStatus.OK:
                return
            if waits_for == pq.PollingStatus.FAILED:
                raise psycopg.OperationalError(pgconn.get_error_message())


class _Bounded(psycopg.Connection[Any]):
    line: Line

    def wait(self, gen: "Generator[Any, Any, T]", interval: float = _LOOK_S, timeout: float | None = None) -> T:
        return super().wait(self.line.bounded(gen), interval, timeout)


def _is_ready(sock: int, waits_for: pq.PollingStatus) -> bool:
    readers, writers = ([sock], []) if waits_for == pq.PollingStatus.READING else ([], [sock])
    return any(select.select(readers, writers, writers, _LOOK_S))


def _conninfo(settings: CentreSettings) -> str:
    try:
        if settings.password_file is not None and not is_private(settings.password_file):
            raise PermissionError(0, "others may read it: chmod 600")
        password = settings.password_file.read_text(encoding="utf-8").strip() if settings.password_file else None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CentreRefuses(
            "The password file {file} cannot be read: {reason}", file=settings.password_file, reason=reason
        ) from error
    return make_conninfo(
        host=settings.host,
        port=settings.port,
        dbname=settings.database,
        user=settings.user,
        password=password,
        sslmode=settings.sslmode,
        sslrootcert=_path(settings.ca_file),
        sslcert=_path(settings.cert_file),
        sslkey=_path(settings.key_file),
        application_name="leitstand",
        client_encoding="utf8",
        options=f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=30000",
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
    )


def _path(file: Path | None) -> str | None:
    return None if file is None else str(file)
