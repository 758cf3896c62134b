"""A PulseAudio of its own with a null sink, and what was heard on it. Needs pulseaudio and parec."""

import array
import os
import subprocess
import threading
import time
from pathlib import Path


class NullSink:
    """Starts in a folder of its own; `environment` makes a child process play there; `stop` ends all it started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "pulse.sock"
        self._children: list[subprocess.Popen[bytes]] = []
        self._heard = bytearray()
        self._lock = threading.Lock()
        self._reader: threading.Thread | None = None

    @property
    def environment(self) -> dict[str, str]:
        own = {"PULSE_SERVER": f"unix:{self.socket}", "HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)}
        return {**os.environ, **own}

    def start(self) -> None:
        command = ["pulseaudio", "-n", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
        for module in (
            "module-null-sink sink_name=test",
            f"module-native-protocol-unix socket={self.socket} auth-anonymous=1",
        ):
            command += ["-L", module]
        self._spawn(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self.socket.exists():
            assert time.monotonic() < deadline, "pulseaudio did not start"
            threading.Event().wait(0.02)
        record = ["parec", "-d", "test.monitor", "--format=s16le", "--rate=44100", "--channels=1", "--latency-msec=20"]
        recorder = self._spawn(record, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, args=(recorder,), daemon=True)
        self._reader.start()

    def _spawn(self, command: list[str], stdout: int) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command, env=self.environment, stdout=stdout, stderr=subprocess.DEVNULL)
        self._children.append(child)
        return child

    def _read(self, recorder: subprocess.Popen[bytes]) -> None:
        assert recorder.stdout is not None
        while chunk := recorder.stdout.read1(4096):
            with self._lock:
                self._heard += chunk

    def wait_until_listening(self) -> None:
        """Return when the recorder delivers (silence), so that what comes after is timed rightly."""
        deadline = time.monotonic() + 20
        while not self._take():
            assert time.monotonic() < deadline, "parec hears nothing, not even silence"
            threading.Event().wait(0.01)

    def peak(self) -> int:
        """Loudest sample since the last call, 0..32768."""
        data = self._take()
        samples = array.array("h", data[: len(data) // 2 * 2])
        return max((abs(value) for value in samples), default=0)

    def _take(self) -> bytes:
        with self._lock:
            data = bytes(self._heard)
            self._heard.clear()
        return data

    def stop(self) -> None:
        for child in reversed(self._children):
            child.terminate()
            child.wait(10)
        for child in self._children:
            if child.stdout is not None and self._reader is not None:
                self._reader.join(10)
                child.stdout.close()
