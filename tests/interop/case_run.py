#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one case, inside namespaces of its own: case_run.py BUILD FOLDER CASE SEED [--long]. __main__.py starts it.

The verdict goes to FOLDER/verdict (empty: passed), what happened to stdout.
"""
import signal
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))
import isolation  # noqa: E402
from cases import all_cases  # noqa: E402
from deadline import Failure  # noqa: E402
from network import Network  # noqa: E402


def too_long(*_):
    raise Failure("it takes too long")


def main():
    build, folder, name, seed = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    long = "--long" in sys.argv[5:]
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(3600 if long else 90)
    network = Network(build, folder, seed, long)
    verdict = ""
    try:
        isolation.prepare()
        all_cases()[name].run(network)
        network.stop()
    except Failure as failure:
        verdict = str(failure) or "failed"
        network.tell()
    except Exception:  # noqa: BLE001: a broken case is a failed case, and says where
        verdict = f"the case is broken\n{traceback.format_exc()}"
    (folder / "verdict").write_text(verdict)
    return 1 if verdict else 0


if __name__ == "__main__":
    sys.exit(main())
