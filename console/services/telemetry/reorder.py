"""Puts the messages of one edge node back into the order of their seq (Sparkplug 3.0, 5.9 and 6.4.5)."""

from typing import Generic, TypeVar

T = TypeVar("T")
_WINDOW = 256


class ReorderBuffer(Generic[T]):
    """Pure. `push` and `expire` return what may be processed now, in order.

    A message that is ahead waits up to `timeout_s` for the missing ones (`operational-behavior-host-reordering-*`).
    An exact repetition of a message among the last 256 is dropped and counted in `duplicates`.
    """

    __slots__ = ("_bytes", "_expected", "_good_s", "_held", "_max_bytes", "_recent", "_timeout_s", "duplicates", "late")

    def __init__(self, timeout_s: float = 2.0, max_bytes: int = 8 << 20) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._held: list[tuple[int, float, int, T]] = []  # seq, since, size, item
        self._bytes = 0
        self._expected: int | None = None
        self._good_s = 0.0  # when the last message came in order
        self._recent = [0] * _WINDOW
        self.duplicates = 0
        self.late = 0  # came after its gap had been given up

    @property
    def held(self) -> int:
        return len(self._held)

    @property
    def due_s(self) -> float | None:
        """When the oldest gap has waited long enough, on the caller's monotonic clock."""
        return self._held[0][1] + self._timeout_s if self._held else None

    def start(self, seq: int) -> list[T]:
        """A node birth with this seq: the count goes on after it. Returns what was still held, in order."""
        rest, _ = self._release_all()
        self._expected = (seq + 1) % _WINDOW
        self._recent = [0] * _WINDOW
        return rest

    def push(self, seq: int, digest: int, size: int, item: T, mono_s: float) -> tuple[list[T], bool]:
        """What may be processed now, and whether a gap had to be given up (the buffer is full)."""
        seq %= _WINDOW
        if self._expected is None or seq == self._expected:
            self._recent[seq] = digest
            self._expected = (seq + 1) % _WINDOW
            self._good_s = mono_s
            return ([item, *self._release_next()] if self._held else [item]), False
        if self._recent[seq] == digest:
            self.duplicates += 1
            return [], False
        self._recent[seq] = digest
        self._held.append((seq, mono_s, size, item))
        self._bytes += size
        if len(self._held) >= _WINDOW or self._bytes > self._max_bytes:
            return self._release_all()
        return [], False

    def expire(self, mono_s: float) -> tuple[list[T], bool]:
        """Gives up gaps that waited longer than the timeout: (what was held, in order; True when there was a gap)."""
        due_s = self.due_s
        if due_s is None or mono_s < due_s:
            return [], False
        return self._release_all()

    def _release_next(self) -> list[T]:
        released = []
        found = True
        while found:
            found = False
            for index, (seq, _, size, item) in enumerate(self._held):
                if seq == self._expected:
                    del self._held[index]
                    self._bytes -= size
                    self._expected = (seq + 1) % _WINDOW
                    released.append(item)
                    found = True
                    break
        return released

    def _release_all(self) -> tuple[list[T], bool]:
        """Everything held, oldest seq first. A straggler does not turn the count back, unless nothing came in order
        since it waits: then the node counts anew (a restart that nobody saw) and that is a gap."""
        held, self._held, self._bytes = self._held, [], 0
        if not held:
            return [], False
        expected = self._expected or 0

        def distance(entry: tuple[int, float, int, T]) -> int:
            return (entry[0] - expected + _WINDOW // 2) % _WINDOW - _WINDOW // 2

        ordered = sorted(held, key=distance)
        is_ahead = distance(ordered[-1]) > 0
        counts_anew = not is_ahead and self._good_s < held[0][1]
        if is_ahead:
            self._expected = (ordered[-1][0] + 1) % _WINDOW
        elif counts_anew:
            self._expected = (held[-1][0] + 1) % _WINDOW
        self.late += sum(1 for entry in held if distance(entry) < 0)
        return [item for _, _, _, item in ordered], is_ahead or counts_anew
