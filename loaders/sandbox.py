"""What a worker may not do once a file is about to be read: no network, no programs, no writing elsewhere.

Two fences, each best effort. `audit` refuses at Python's own doors, on every system. `lock_down` asks the Linux kernel
for the same (Landlock for files, programs and TCP; a seccomp filter for sockets), so that native code
that a hostile file has taken over is held too. Reading files stays possible: textures and grids need it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

_NO_NETWORK = {
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "urllib.Request",
}
_NO_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn"}
_CHANGES_ONE = {"os.chmod", "os.chown", "os.truncate", "os.utime", "shutil.rmtree"}
_CHANGES_ONE_AT = {"os.remove", "os.rmdir", "os.mkdir"}
"""Their last argument is an open folder that the path starts from, or -1."""
_CHANGES_TWO = {"os.rename", "os.link", "os.symlink", "shutil.move", "shutil.copyfile"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC


def audit(folders: Iterable[Path]) -> None:
    """Refuse network, programs and writing outside ``folders`` from now on (`PermissionError`); cannot be undone."""
    sys.addaudithook(_Refuser(folders).hook)


class _Refuser:
    def __init__(self, folders: Iterable[Path]) -> None:
        self._allowed = (*(os.path.realpath(folder) for folder in folders), os.devnull)

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self._open(*args)
        elif event in _NO_NETWORK or (event == "socket.__new__" and args[1] != getattr(socket, "AF_UNIX", None)):
            raise PermissionError("a loader may not use the network")
        elif event in _NO_PROGRAMS:
            raise PermissionError("a loader may not start programs")
        elif event in _CHANGES_ONE:
            self._change(args[0])
        elif event in _CHANGES_ONE_AT:
            self._change(args[0], args[-1])
        elif event in _CHANGES_TWO:
            self._change(args[0])
            self._change(args[1])

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        writes = isinstance(flags, int) and flags & _WRITING
        if writes and path is not None and not self._inside(path):
            raise PermissionError(f"a loader may not write {path!r}")

    def _change(self, path: Any, folder: int = -1) -> None:
        if not isinstance(path, int) and folder >= 0:
            path = Path(os.path.realpath(f"/proc/self/fd/{folder}")) / os.fsdecode(path)
        if not self._inside(path):
            raise PermissionError(f"a loader may not change {path!r}")

    def _inside(self, path: Any) -> bool:
        if isinstance(path, int):  # an already open file
            return True
        real = os.path.realpath(os.fsdecode(path))
        return any(real == top or real.startswith(top + os.sep) for top in self._allowed)


def lock_down(folders: Iterable[Path]) -> tuple[str, ...]:
    """Ask the kernel for the same fence around this process and its future children; returns what it granted.

    Names: ``landlock-files``, ``landlock-tcp``, ``seccomp``. Empty on systems without them.
    """
    if sys.platform != "linux":
        return ()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return ()
    return _landlock(libc, folders) + _seccomp(libc)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process, and children forked from it, when the one that started it ends (Linux)."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)

    def arm(expected: int) -> None:
        libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)
        if os.getppid() != expected:  # it ended before the line above
            os._exit(1)

    me = os.getpid()
    os.register_at_fork(before=_remember_pid, after_in_child=lambda: arm(_forking_pid[0]))
    _forking_pid[0] = me
    arm(parent)


_forking_pid = [0]


def _remember_pid() -> None:
    _forking_pid[0] = os.getpid()


_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture

# linux/landlock.h: everything but reading: execute 1, write 2, remove, make, refer, truncate, ioctl on devices
_FS_BY_ABI = {1: 0x1FFF & ~0xC, 2: 0x3FFF & ~0xC, 3: 0x7FFF & ~0xC, 5: 0xFFFF & ~0xC}
_FS_EXECUTE = 0x1
_NET_BIND_CONNECT = 0x3


def _landlock(libc: ctypes.CDLL, folders: Iterable[Path]) -> tuple[str, ...]:
    abi = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if abi < 1:
        return ()
    files = _FS_BY_ABI[max(known for known in _FS_BY_ABI if known <= abi)]
    network = _NET_BIND_CONNECT if abi >= 4 else 0
    scoped = 0x3 if abi >= 6 else 0  # no signals and no abstract sockets to other processes
    attributes = struct.pack("=QQQ", files, network, scoped)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return ()
    try:
        for folder in folders:
            _allow(libc, ruleset, folder, files & ~_FS_EXECUTE)
        # Locks and shared memory of multiprocessing, and the null device.
        _allow(libc, ruleset, Path("/dev/shm"), files & ~_FS_EXECUTE)
        _allow(libc, ruleset, Path(os.devnull), 0x2 | (files & 0xC000))
        if libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) != 0:
            return ()
    finally:
        os.close(ruleset)
    return ("landlock-files", "landlock-tcp") if network else ("landlock-files",)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    with suppress(OSError):
        handle = os.open(path, 0o10000000 | os.O_CLOEXEC)  # O_PATH
        try:
            rule = struct.pack("=Qi", rights, handle)
            libc.syscall(_LANDLOCK_ADD_RULE, ruleset, 1, rule, 0)  # 1 = LANDLOCK_RULE_PATH_BENEATH
        finally:
            os.close(handle)


# Per machine: AUDIT_ARCH, then the numbers of socket, connect, io_uring_setup, ptrace, process_vm_writev, execve,
# execveat, setsid and setpgid (a child that left the group would outlive a cancel).
_CALLS = {
    "x86_64": (0xC000003E, 41, 42, 425, 101, 311, 59, 322, 112, 109),
    "aarch64": (0xC00000B7, 198, 203, 425, 117, 271, 221, 281, 157, 154),
}
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06


def _seccomp(libc: ctypes.CDLL) -> tuple[str, ...]:
    if platform.machine() not in _CALLS or struct.calcsize("P") != 8:
        return ()
    program = _filter(*_CALLS[platform.machine()])
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    granted = libc.prctl(_PR_SET_SECCOMP, 2, header, 0, 0) == 0  # 2 = SECCOMP_MODE_FILTER
    return ("seccomp",) if granted else ()


def _filter(arch: int, socket_call: int, *refused: int) -> bytes:
    """Classic BPF: refuse foreign call tables, the listed calls, and sockets other than local ones."""
    steps: list[tuple[int, int | str, int | str, int]] = [
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_EQUAL, 0, "refuse", arch),
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
        (_AT_LEAST, "refuse", 0, 0x40000000),  # the x32 table
        *((_EQUAL, "refuse", 0, number) for number in refused),
        (_EQUAL, 0, "allow", socket_call),
        (_LOAD, 0, 0, 16),  # low half of the first argument: the address family
        (_EQUAL, "allow", "refuse", 1),  # AF_UNIX
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    ends = {"refuse": len(steps) - 2, "allow": len(steps) - 1}

    def jump(target: int | str, here: int) -> int:
        return ends[target] - here - 1 if isinstance(target, str) else target

    return b"".join(struct.pack("=HBBI", c, jump(t, i), jump(f, i), k) for i, (c, t, f, k) in enumerate(steps))
