"""Change the program in small wrong ways and see whether its tests notice: see CONTRIBUTING.md."""

import argparse
import difflib
import random
import sys
import time
from collections import Counter
from pathlib import Path

from tests.mutation.coverage_map import importing, measured
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.operators import Mutant, mutants, runs
from tests.mutation.workers import Result, outcomes

ROOT = Path(__file__).parents[2]


def chosen(paths: list[Path], count: int, seed: int) -> list[Mutant]:
    """A seeded draw: files by their length, then an operator, then a place; none twice."""
    sources = {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}
    rng = random.Random(seed)
    by_operator: dict[str, dict[str, list[Mutant]]] = {}
    found: dict[str, Mutant] = {}
    weights = [len(source) for source in sources.values()]
    for _ in range(count * 50):
        if len(found) == count:
            break
        file = rng.choices(list(sources), weights)[0]
        if file not in by_operator:
            kinds: dict[str, list[Mutant]] = {}
            for mutant in mutants(file, sources[file]):
                kinds.setdefault(mutant.operator, []).append(mutant)
            by_operator[file] = kinds
        if by_operator[file]:
            kind = rng.choice(sorted(by_operator[file]))
            mutant = rng.choice(by_operator[file][kind])
            if mutant.key not in found and runs(mutant, sources[file]):
                found[mutant.key] = mutant
    return list(found.values())


def difference(mutant: Mutant) -> str:
    """A mutant as a unified diff."""
    before = (ROOT / mutant.file).read_text().splitlines()
    lines = difflib.unified_diff(
        before, mutant.source.splitlines(), mutant.file, mutant.operator, lineterm="", n=2
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--count", type=int, default=60, help="mutants to draw")
    parser.add_argument("--paths", nargs="+", default=["core"], help="files or folders to change")
    parser.add_argument(
        "--tests", nargs="+", default=["tests"], help="test files or folders to run"
    )
    parser.add_argument("--workers", type=int, default=2, help="copies of the tree at work at once")
    parser.add_argument("--budget", type=float, default=60, help="seconds of tests a mutant gets")
    parser.add_argument(
        "--by",
        choices=("coverage", "imports"),
        default="coverage",
        help="find tests by the lines they run (measured once), or by what they name and import",
    )
    parser.add_argument("--list", action="store_true", help="only show the mutants")
    given = parser.parse_args()
    drawn = chosen(_files(given.paths, "*.py"), given.count, given.seed)
    if given.list:
        print("\n\n".join(difference(mutant) for mutant in drawn))
        return 0
    tests = _files(given.tests, "test_*.py")
    if given.by == "imports":
        jobs = [(m, importing(ROOT, tests, m.file, m.function)) for m in drawn]
    else:
        covered = measured(ROOT, tests)
        jobs = [(m, covered.covering(m.file, m.first, m.last, given.budget)) for m in drawn]
    return report(jobs, given.workers, given.budget)


def report(jobs: list[tuple[Mutant, list[str]]], workers: int, budget: float) -> int:
    """Run the tests of each mutant, print the survivors, and count; 1 where some survive."""
    started, told = time.monotonic(), list[Result]()
    for result in outcomes(ROOT, jobs, workers, budget):
        told.append(result)
        mark = "survived" if result.survived else f"killed by {result.killer}"
        print(f"{len(told):3}/{len(jobs)} {result.seconds:5.1f} s  {result.mutant.key}\n{'':13}{mark}",
              file=sys.stderr, flush=True)  # fmt: skip
    survivors = [r for r in told if r.survived]
    equal = [r for r in survivors if r.mutant.key in EQUIVALENT]
    wrong = [r for r in survivors if r.mutant.key not in EQUIVALENT]
    for result in equal:
        print(f"\n{result.mutant.key}\n  equivalent: {EQUIVALENT[result.mutant.key]}")
    for result in wrong:
        print(f"\n{difference(result.mutant)}\n  tests given: {result.tests}")
    counted = Counter(r.mutant.operator for r in wrong)
    killed = len(told) - len(survivors)
    share = killed / max(1, killed + len(wrong))
    print(f"\n{killed} killed, {len(wrong)} survived, {len(equal)} equivalent: {share:.0%} in "
          f"{time.monotonic() - started:.0f} s; survivors by operator: {dict(counted)}")  # fmt: skip
    return 1 if wrong else 0


def _files(paths: list[str], pattern: str) -> list[Path]:
    found: set[Path] = set()
    for path in paths:
        whole = (ROOT / path).resolve()
        found |= {whole} if whole.is_file() else set(whole.rglob(pattern))
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main())
