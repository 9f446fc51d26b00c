"""How much one load may take: memory, time, output; and how much a process tree takes right now.

Sizes are bytes, times seconds. Memory counts resident pages; pages that parent and forked children share count once.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What a worker process may take; None = chosen from the file's size by `for_file`."""

    memory_bytes: int | None = None
    """Resident memory of the worker and its children together."""
    seconds: float | None = None
    """Wall-clock time from start to answer."""
    memory_share: float = 0.7
    """Largest share of this computer's memory that the default may reach."""

    def for_file(self, size: int, packed: bool = False) -> WorkerLimits:
        """The limits with every None replaced: 2 GiB + 40 x size and 60 s + 2 s per MiB.

        ``packed`` files count with 20 times their size.
        """
        expected = size * (20 if packed else 1)
        memory = min(int(total_memory() * self.memory_share), 2 * GIB + 40 * expected)
        seconds = min(60.0 + 2.0 * expected / MIB, 3600.0)
        return WorkerLimits(
            self.memory_bytes if self.memory_bytes is not None else memory,
            self.seconds if self.seconds is not None else seconds,
            self.memory_share,
        )


def total_memory() -> int:
    """Memory of this computer, or of the container that the program runs in, in bytes."""
    total = _physical_memory()
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            total = min(total, int(Path(name).read_text("ascii")))
    return total


def _physical_memory() -> int:
    if sys.platform == "win32":
        status = (ctypes.c_uint64 * 8)()  # MEMORYSTATUSEX: dwLength and dwMemoryLoad share the first 8 bytes
        ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = 64
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status[1])
        return 8 * GIB
    with suppress(OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 8 * GIB


def restrict_self(memory_bytes: int, file_bytes: int) -> None:
    """Ask the system to refuse this process more address space than the limit can need (Linux and other Unix).

    Address space is larger than memory in use: mapped files, stacks and libraries count. The watching parent
    enforces the exact limit; this one catches a single huge allocation before it happens.
    """
    if sys.platform == "win32":
        return  # the job object made by the parent limits memory there
    import resource  # not on Windows

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited usefully
        space = memory_bytes + 2 * file_bytes + GIB
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (space, space))
        with suppress(OSError):  # if memory runs out, the worker should go, not the window
            Path("/proc/self/oom_score_adj").write_text("700", "ascii")


def own_peak_bytes() -> int:
    """Most memory that this process had resident at once."""
    if sys.platform == "linux":
        # Not getrusage: its ru_maxrss starts with the value of the process that started this one.
        with suppress(OSError, ValueError, IndexError):
            status = Path("/proc/self/status").read_text("ascii", "replace")
            return int(status.split("VmHWM:")[1].split()[0]) * 1024
    if sys.platform == "win32":
        return 0
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def tree_memory(pid: int) -> int:
    """Resident memory of a process and its descendants, in bytes; 0 where it has ended or cannot be told."""
    if sys.platform == "linux":
        return _tree_memory_linux(pid)
    elif sys.platform == "darwin":
        return sum(_resident_darwin(member) for member in _group_darwin(pid))
    else:
        return 0


def _tree_memory_linux(pid: int) -> int:
    members = _descendants_linux(pid)
    if len(members) == 1:
        return _resident_linux(pid)
    return sum(_proportional_linux(member) for member in members)


def _descendants_linux(pid: int) -> list[int]:
    found = [pid]
    for member in found:
        with suppress(OSError, ValueError):
            for task in Path(f"/proc/{member}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text("ascii").split()]
    return found


def _resident_linux(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional_linux(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii", "replace")
        return int(text.split("Pss:")[1].split()[0]) * 1024
    return _resident_linux(pid)


if sys.platform == "darwin":

    def _group_darwin(pid: int) -> list[int]:
        members = (ctypes.c_int * 256)()
        count = _libproc().proc_listpgrppids(pid, members, ctypes.sizeof(members))
        return list(members[: max(0, min(count, 256))]) or [pid]

    def _resident_darwin(pid: int) -> int:
        info = (ctypes.c_uint64 * 12)()  # struct proc_taskinfo: virtual size, resident size, ...
        size = _libproc().proc_pidinfo(pid, 4, ctypes.c_uint64(0), info, ctypes.sizeof(info))  # 4 = PROC_PIDTASKINFO
        return int(info[1]) if size > 0 else 0

    def _libproc() -> ctypes.CDLL:
        return ctypes.CDLL("/usr/lib/libproc.dylib")
