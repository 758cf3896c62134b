"""The most memory that this process ever held: the one place of the benches that asks the operating system."""

import ctypes
import sys
from pathlib import Path


def peak_mb() -> float:
    """Peak resident memory in MB (10^6 bytes). On Linux of this program alone, not of who started it."""
    if sys.platform == "win32":
        return _windows_peak() / 1e6
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss keeps the size of the parent across exec
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of psapi.h."""

    _fields_ = [
        ("cb", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        *((name, ctypes.c_size_t) for name in ("peak", "now", "q1", "q2", "q3", "q4", "pagefile", "peak_pagefile")),
    ]


def _windows_peak() -> int:
    counters = _Counters(cb=ctypes.sizeof(_Counters))
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb)
    return int(counters.peak)
