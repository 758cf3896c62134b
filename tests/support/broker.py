"""A real mosquitto on a free loopback port: start, stop, stall (half-open), go on, kill and start again."""

import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_S = 10.0


def free_port() -> int:
    """A loopback TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mosquitto_path() -> str:
    """Debian puts it into /usr/sbin, which a user's PATH often lacks."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if found is None:
        raise RuntimeError("mosquitto is missing: apt-get install mosquitto")
    return found


def mosquitto_passwd_path() -> str:
    found = shutil.which("mosquitto_passwd") or shutil.which("mosquitto_passwd", path="/usr/bin:/usr/sbin")
    if found is None:
        raise RuntimeError("mosquitto_passwd is missing: apt-get install mosquitto")
    return found


class Broker:
    """One mosquitto process without persistence. The port stays the same over `kill` and `start`.

    `lines` are further lines of its configuration file (`password_file ...`, `cafile ...`).
    """

    def __init__(self, lines: tuple[str, ...] = (), *, anonymous: bool = True) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self._lines = lines
        self._anonymous = anonymous
        self._folder = Path(tempfile.mkdtemp(prefix="leitstand-broker-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> "Broker":
        """Start and wait until it accepts connections."""
        config = self._folder / "mosquitto.conf"
        allowed = "true" if self._anonymous else "false"
        config.write_text(
            f"listener {self.port} {self.host}\nallow_anonymous {allowed}\npersistence false\nset_tcp_nodelay true\n"
            "user root\n"  # only read when started by root: the files of a test belong to who runs it
            "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\nlog_type error\nlog_type warning\n"
            + "".join(f"{line}\n" for line in self._lines),
            encoding="utf-8",
        )
        with (self._folder / "mosquitto.log").open("ab") as out:
            self._process = subprocess.Popen(
                [mosquitto_path(), "-c", str(config)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"mosquitto ended: {self.log()}")
            try:
                socket.create_connection((self.host, self.port), timeout=0.5).close()
                return self
            except OSError:
                threading.Event().wait(0.02)
        raise RuntimeError("mosquitto does not listen")

    def log(self) -> str:
        return (self._folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace")

    def stall(self) -> None:
        """Half-open: TCP stands, nothing answers (POSIX)."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Power cut. `start` brings it back on the same port."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(10)

    def stop(self) -> None:
        """Orderly end, also of a stalled one; removes its folder."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def running_broker(lines: tuple[str, ...] = (), *, anonymous: bool = True) -> Iterator[Broker]:
    """`with running_broker() as broker:` a started mosquitto that is gone afterwards, whatever happens."""
    broker = Broker(lines, anonymous=anonymous)
    try:
        yield broker.start()
    finally:
        broker.stop()
