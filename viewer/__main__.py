"""The composition root: ``citiverse`` and ``python -m viewer`` start here.

Nothing heavy is imported: a worker process, an answer to ``--help`` or a load report must not wait for Qt or VTK.
"""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Run as a worker if that is what this process was started for, else as the command line."""
    multiprocessing.freeze_support()
    from loaders.worker import run_worker_if_asked

    run_worker_if_asked(sys.argv)
    from viewer import cli, cli_common

    cli_common.guard_interrupts()
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
