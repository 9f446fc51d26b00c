"""The composition root: ``citiverse`` and ``python -m viewer`` start here.

Nothing heavy is imported: a worker process, an answer to ``--help`` or a load report must not wait for Qt or VTK.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress


def main() -> int:
    """Run as a worker if that is what this process was started for, else as the command line."""
    # Until the command line is there to answer in one line, Ctrl-C ends the process without a traceback.
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    import multiprocessing

    multiprocessing.freeze_support()
    from loaders.worker import prepare_worker, run_worker_if_asked

    run_worker_if_asked(sys.argv)
    if "--citiverse-demo-files" in sys.argv[1:2]:
        from viewer.demo.child import run_demo_if_asked

        run_demo_if_asked(sys.argv)
    from viewer import cli, cli_common

    if cli.reads_files(sys.argv[1:]):
        prepare_worker()  # it gets ready while this process does
    cli_common.open_closed_streams()
    cli_common.guard_interrupts()
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    code = cli.main(sys.argv[1:])
    if code == cli_common.INTERRUPTED:
        cli_common.leave_interrupted()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
