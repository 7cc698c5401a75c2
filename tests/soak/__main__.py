"""Uses the window at random, offscreen, and tells what must not be."""

import argparse
import faulthandler
import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Soak for some minutes; 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0, help="another one does other things")
    parser.add_argument(
        "--busy",
        action="store_true",
        help="the machine does other things too: blocks are only told",
    )
    parser.add_argument(
        "--stacks",
        type=argparse.FileType("w"),
        metavar="FILE",
        help="what all threads do while the window does not answer; reading a frame that is just left "
        "ends the run without a word, so leave it out to look for crashes",
    )
    options = parser.parse_args()
    faulthandler.enable()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from core.workarounds import collect_around_modules, keep_memory
    from tests.soak.run import soak

    keep_memory()  # as the program does
    collect_around_modules()

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_CACHE_HOME"] = folder
        found = soak(
            Path(folder),
            options.seed,
            60 * options.minutes,
            tell=lambda s: print(s, flush=True),
            stacks=options.stacks.fileno() if options.stacks else 0,
        )
    for key, told in found.details.items():
        print(f"-- {key}\n{told}")
    print(f"{found.actions} actions; longest without events: {found.blocks[:8]}")
    objections = found.objections(quiet=not options.busy)
    print("\n".join(objections) or "Nothing is wrong.")
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
