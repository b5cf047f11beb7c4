#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything `./run test` does: builds, checks, tests; one line a stage while it runs, and the sum as the last line.

Stages in one row run at the same time, rows one after the other: the machine has few cores, and what measures time
(the scenarios, the demo, interop) has it for itself. What only computes is put together, so that a core that one stage
leaves idle at its beginning or end serves the other. A stage whose needs failed is counted as one skipped test that says
so.
"""
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from results import FAIL, PASS, SKIP, Result, from_lines, from_meson

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "test-logs"
TAIL_LINES = 40
FUZZ_SECONDS = 60

# detect_odr_violation: DPDK's libraries are linked whole and share weak symbols. Leaks count as failures.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-14",
}


@dataclass
class Stage:
    name: str
    steps: list  # argument vectors, run in turn until one fails
    timeout_s: int
    needs: tuple = ()  # names of stages that must have passed
    env: dict = None
    meson_log: Path = None  # where the results are, when the last step is `meson test`
    whole: bool = False  # the stage is one result, by its exit status
    skip: str = ""  # why it cannot run here


def build_steps(folder, compiler, *options):
    setup = ["env", *compiler, "meson", "setup", folder, *options]
    if (ROOT / folder / "build.ninja").exists():
        setup = ["true"]
    return [setup, ["ninja", "-C", folder]]


def meson_test(folder):
    # A sanitizer slows a test three to five times down; a hang must still end.
    slower = "4" if folder != "build" else "1"
    suites = ["--suite", "unit", "--suite", "sim"]
    return ["meson", "test", "-C", folder, "--no-rebuild", "-t", slower, "--print-errorlogs", *suites]


def meson_stage(name, folder, needs, env=None):
    log = ROOT / folder / "meson-logs" / "testlog.json"
    return Stage(name, [meson_test(folder)], 600, needs, env, meson_log=log)


def why_no_namespaces():
    if os.geteuid() != 0:
        return "needs root: a network namespace and a TAP device"
    return "" if Path("/dev/net/tun").exists() else "needs /dev/net/tun"


def why_no_scenarios():
    return why_no_namespaces() or absent("ip", "sipp", "kamailio")


def why_no_interop():
    return why_no_namespaces() or absent("ip", "ethtool", "dumpcap", "tshark")


def absent(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def plan():
    python = sys.executable
    sanitize = ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
    # Some 160 programs are linked with all of DPDK's libraries: gold, of binutils as well, takes less than half the time.
    gcc, gcc_gold, clang_gold = ["CC=gcc"], ["CC=gcc", "CC_LD=gold"], ["CC=clang-14", "CC_LD=gold"]
    # Sanitizers make gcc see ways through the code that are not there (gcc's manual says so): no werror. Compiling with
    # -O1 takes a quarter less, and its frames are easier to read in a report; the fuzzers need the speed of -O2.
    asan = build_steps("build-asan", gcc_gold, *sanitize, "-Dwerror=false", "-Doptimization=1")
    clang = build_steps("build-clang", clang_gold, *sanitize, "-Dfuzz=true")
    demo = [python, "tests/scenario/demo.py"]
    # Two Kamailios cost many times what the balancer does: more calls would measure the machine.
    kamailio = [*demo, "--kamailio", "--rate", "100"]
    fuzz = [python, "tests/support/fuzz.py", "build-clang", "--seconds", str(FUZZ_SECONDS)]
    return [
        [
            Stage("build-gcc", build_steps("build", gcc), 600, whole=True),
            Stage("format", [["./run", "fmt", "--check"]], 120, whole=True),
        ],
        [
            meson_stage("tests", "build", ("build-gcc",)),
            Stage("lint", [[python, "tests/lint"]], 300, ("build-gcc",)),
            Stage("gate", [[python, "bench/gate.py"]], 300, ("build-gcc",), skip=absent("valgrind")),
        ],
        [Stage("scenarios", [[python, "tests/scenario"]], 600, ("build-gcc",), skip=why_no_scenarios())],
        # The plain one comes last: what is then in build/demo/ is what README and docs speak of.
        [Stage("demo-kamailio", [kamailio], 120, ("build-gcc",), whole=True, skip=why_no_scenarios())],
        [Stage("demo-tcp", [[*demo, "--tcp"]], 120, ("build-gcc",), whole=True, skip=why_no_scenarios())],
        [Stage("demo", [demo], 120, ("build-gcc",), whole=True, skip=why_no_scenarios())],
        [Stage("build-asan", asan, 900, whole=True), Stage("build-clang", clang, 900, whole=True)],
        [
            Stage(
                "scenarios-asan",
                [[python, "tests/scenario", "--build", "build-asan"]],
                600,
                ("build-asan",),
                SANITIZER_ENV,
                skip=why_no_scenarios(),
            )
        ],
        [
            Stage(
                "interop",
                [[python, "tests/interop", "--build", "build-asan"]],
                400,
                ("build-asan",),
                SANITIZER_ENV,
                skip=why_no_interop(),
            )
        ],
        [
            meson_stage("asan", "build-asan", ("build-asan",), SANITIZER_ENV),
            Stage("fuzz", [fuzz], FUZZ_SECONDS * 6, ("build-clang",), SANITIZER_ENV),
        ],
    ]


def run_step(stage, step, log):
    """Runs one argument vector in its own process group; returns its exit status, or None when time ran out."""
    env = {**os.environ, **(stage.env or {})}
    with subprocess.Popen(
        step, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    ) as child:
        try:
            return child.wait(stage.timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGTERM)
            time.sleep(2)
            os.killpg(child.pid, signal.SIGKILL)
            return None


def run_stage(stage, passed):
    """Returns the results of the stage; never none, so that nothing disappears in silence."""
    if stage.skip:
        return [Result(SKIP, stage.name, stage.skip)]
    broken = [need for need in stage.needs if not passed.get(need)]
    if broken:
        return [Result(SKIP, stage.name, f"{' and '.join(broken)} failed")]
    path = LOGS / f"{stage.name}.log"
    if stage.meson_log:
        stage.meson_log.unlink(missing_ok=True)
    status = 0
    with path.open("w") as log:
        for step in stage.steps:
            status = run_step(stage, step, log)
            if status != 0:
                break
    output = path.read_text(errors="replace")
    if stage.whole:
        results = []
    elif stage.meson_log:
        results = from_meson(stage.meson_log) if stage.meson_log.exists() else []
    else:
        results = from_lines(output)
    return results + verdict_of_status(stage, status, results, output)


def verdict_of_status(stage, status, results, output):
    """The exit status must agree with the results: a tool that died is a failure even if all it said was PASS."""
    tail = "\n".join(output.splitlines()[-TAIL_LINES:])
    if status is None:
        return [Result(FAIL, stage.name, f"took more than {stage.timeout_s} s", tail)]
    if status != 0 and not any(r.verdict == FAIL for r in results):
        return [Result(FAIL, stage.name, f"exit status {status}", tail)]
    if stage.whole:
        return [Result(PASS, stage.name)]
    return [] if results else [Result(FAIL, stage.name, "it ran no test", tail)]


def report(stage, results, seconds):
    counts = [sum(r.verdict == v for r in results) for v in (PASS, FAIL, SKIP)]
    print(f"{stage.name:<12} {seconds:6.1f} s   {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
    for result in results:
        if result.verdict == PASS:
            continue
        where = "" if result.name == stage.name else f"{stage.name} "
        print(f"  {result.verdict} {where}{result.name}: {result.text}")
        for line in result.log.splitlines()[-TAIL_LINES:]:
            print(f"      {line}")
    sys.stdout.flush()


def run_row(row, passed):
    lock = threading.Lock()
    all_results = []

    def work(stage):
        begin = time.monotonic()
        results = run_stage(stage, passed)
        with lock:
            report(stage, results, time.monotonic() - begin)
            passed[stage.name] = all(r.verdict == PASS for r in results)
            all_results.extend(results)

    threads = [threading.Thread(target=work, args=(stage,)) for stage in row]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return all_results


def main():
    wanted = set(sys.argv[1:])
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    rows = plan()
    unknown = wanted - {stage.name for row in rows for stage in row}
    if unknown:
        sys.exit(f"no such stage: {', '.join(sorted(unknown))}")
    passed, results = {}, []
    for row in rows:
        chosen = [stage for stage in row if not wanted or stage.name in wanted]
        if wanted:
            for stage in chosen:
                stage.needs = tuple(need for need in stage.needs if need in wanted)
        results += run_row(chosen, passed)
    print(f"logs: {LOGS.relative_to(ROOT)}/")
    counts = [sum(r.verdict == v for r in results) for v in (PASS, FAIL, SKIP)]
    print(f"{counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
