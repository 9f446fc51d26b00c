"""A Windows job object: ends a worker and its children together, and limits their memory.

Windows ends everything in the job when the last handle to it closes, so nothing outlives this program.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    import subprocess
    from ctypes import wintypes

    class _Basic(ctypes.Structure):
        _fields_ = [
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        ]

    class _Extended(ctypes.Structure):
        _fields_ = [
            ("Basic", _Basic),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    _EXTENDED_LIMITS = 9
    _JOB_MEMORY, _KILL_ON_CLOSE, _DIE_ON_EXCEPTION = 0x200, 0x2000, 0x400

    class JobObject:
        """Holds one process tree with at most ``memory_bytes`` of committed memory."""

        def __init__(self, memory_bytes: int) -> None:
            self._api = ctypes.WinDLL("kernel32", use_last_error=True)
            self._api.CreateJobObjectW.restype = wintypes.HANDLE
            self._handle = wintypes.HANDLE(self._api.CreateJobObjectW(None, None))
            limits = _Extended()
            limits.Basic.LimitFlags = _JOB_MEMORY | _KILL_ON_CLOSE | _DIE_ON_EXCEPTION
            limits.JobMemoryLimit = memory_bytes
            self._api.SetInformationJobObject(
                self._handle, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
            )

        def add(self, process: subprocess.Popen[bytes]) -> None:
            """Put a running process, and all it will start, into the job."""
            handle = vars(process)["_handle"]  # Popen has no public name for it
            self._api.AssignProcessToJobObject(self._handle, wintypes.HANDLE(int(handle)))

        def peak_bytes(self) -> int:
            """Most memory that the job had committed at once."""
            limits = _Extended()
            self._api.QueryInformationJobObject(
                self._handle, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits), None
            )
            return int(limits.PeakJobMemoryUsed)

        def close(self) -> None:
            """End every process in the job."""
            if self._handle:
                self._api.TerminateJobObject(self._handle, 1)
                self._api.CloseHandle(self._handle)
                self._handle = wintypes.HANDLE(None)
