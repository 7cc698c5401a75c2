"""The long run: every reader in turn, each turn in a process of its own, with other seeds."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.harness import WAITING, Fault, fuzz
from tests.fuzz.readers import READERS, reader

TURN = 20.0  # seconds of a reader at once


def main() -> int:
    """Fuzz until the time is over; 1 where a fault was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0, help="another one makes other files")
    parser.add_argument("--reader", nargs="+", choices=READERS, default=[*READERS])
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzz-faults"), metavar="DIR",
        help="where the smallest file of each fault is kept (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--turn", type=float, help=argparse.SUPPRESS)  # one reader, in this process
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    if options.turn is not None:
        return _turn(options.reader[0], options.seed, options.turn, options.keep)
    end, seed = time.monotonic() + 60 * options.minutes, options.seed
    faults: set[str] = set()
    while time.monotonic() < end:
        for name in options.reader:
            seconds = min(TURN, end - time.monotonic())
            if seconds > 1:
                faults |= _apart(name, seed, seconds, options.keep)
        seed += 1
    print(f"{len(faults)} kinds of faults; their files are in {options.keep}.")
    return 1 if faults else 0


def _apart(name: str, seed: int, seconds: float, keep: Path) -> set[str]:
    """One turn in a process of its own; what it found, its own end among it."""
    command = [sys.executable, "-m", "tests.fuzz", "--reader", name, "--seed", str(seed)]
    command += ["--turn", str(seconds), "--keep", str(keep)]
    said, how = "", ""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=seconds + 4 * WAITING
        )
        said = done.stdout
        if done.returncode:
            how = f"process ended with {done.returncode}"
    except subprocess.TimeoutExpired:
        how = "process did not come back"
    tried = keep / f"{name}-tried"
    found = (
        {f"{name}: {kind}" for kind in json.loads(said)["faults"]} if said and not how else set()
    )
    if how:
        _keep(keep, name, how, Fault(1, tried.read_bytes() if tried.exists() else b"", how))
        found.add(f"{name}: {how}")
        print(f"{name} {seed}: {how}", flush=True)
    else:
        print(f"{name} {seed}: {said.strip()}", flush=True)
    tried.unlink(missing_ok=True)
    return found


def _turn(name: str, seed: int, seconds: float, keep: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(
            reader(name, Path(folder)), seed, seconds=seconds, tried=keep / f"{name}-tried"
        )
    for kind, fault in found.faults.items():
        _keep(keep, name, kind, fault)
    said = {
        "read": found.read,
        "refused": found.refused,
        "slowest": round(found.slowest, 2),
        "faults": {kind: fault.count for kind, fault in found.faults.items()},
    }
    print(json.dumps(said))
    return 0


def _keep(folder: Path, name: str, kind: str, fault: Fault) -> None:
    """The smallest file of a fault, and beside it what came of it."""
    clean = "".join(c if c.isalnum() else "_" for c in kind)[:80]
    path = folder / f"{name}-{clean}"
    if not path.exists() or path.stat().st_size > len(fault.data):
        path.write_bytes(fault.data)
        path.with_name(f"{path.name}.txt").write_text(fault.told, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
