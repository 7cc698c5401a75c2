"""Run the fuzz harnesses of ../shared/cases, which speak of modules by older names, at several seeds.

    uv run python -m scripts.shared_harnesses --offsets 0 101 202 [--only fuzz_images.py ...]

Prints what each found; 1 where any found a fault. Skips with a sentence where there are none.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = ROOT.parent / "shared" / "cases" / "fuzz"
# Names as the harnesses know them, and as they are.
RENAMED = (
    (r"core\.gallery\.project_state", "core.project.state"),
    (r"core\.gallery\.project\b", "core.project.project"),
    (r"core\.gallery\.edits", "core.project.edits"),
    (r"core\.gallery\.frames", "core.video.frames"),
    (r"core\.gallery\.worker", "core.gallery.pipeline_process"),
    (r"from core\.gallery\.moved import PhotoPrint", "from core.project.photo_print import PhotoPrint"),
    (r"from core\.gallery\.gallery import GallerySettings", "from core.faces.choose import GallerySettings"),
    (r"xcos_gui\.build", "xcos_gui.shell.build"),
    (r"s\.set_model\(None\)", "s.set_model(None); until(lambda: s.verifier is not None)"),
    (r"_hash\((.*), lambda \*a: None, lambda: False\)", r"_hash(\1, Task())"),
    (r"class V: fingerprint", "from core.progress import Task\nclass V: fingerprint"),
    (r"core\.model\.head\b", "core.model.attention_weights"),
    (r"core\.gallery\.making\b", "core.gallery.pipeline"),
    (r"core\.gallery\.rules\b", "core.gallery.face_selection"),
    (r"core\.explain\.regions\b", "core.faces.regions"),
    (r"core\.explain\.filter_language import compare_text", "core.query.texts import compare_text"),
    (r"core\.explain\.filter_language\b", "core.query.language"),
    (r"from core\.faces\.photo import (.*)\bPHOTO_SUFFIXES\b", r"from core.faces.photo_files import PHOTO_SUFFIXES; from core.faces.photo import \1read_photo"),
)  # fmt: skip
SEEDED = re.compile(r"random\.Random\((\d+)\)")
RUNS: tuple[tuple[str, ...], ...] = (
    ("fuzz_images.py",),
    ("fuzz_text.py",),
    ("fuzz_bin.py",),
    ("fuzz_recordio.py",),
    ("fuzz_toml.py",),
    ("fuzz_project.py",),
    *(("fuzz_weights.py", kind) for kind in ("safetensors", "pth", "onnx", "runs", "filter")),
    ("fuzz_video.py",),
    ("fuzz_gallery.py",),
    ("fuzz_cache.py",),
    ("minimal.py",),
    ("toctou.py",),
    ("special_files.py",),
    ("two.py",),
    ("disk.py",),
    ("security.py",),
    ("gui_suspects.py",),
)
LONGEST = 1200  # seconds of one harness
FAULTS = re.compile(r"distinct faults (\d+)")


def prepare(work: Path, offset: int) -> Path:
    """The harnesses by today's names, their seeds moved by an offset; returns their folder."""
    folder = work / "harness"
    folder.mkdir(parents=True)
    (work / "faults").mkdir()
    places = {"@WORK@": work, "@XCOS@": ROOT, "@DATA@": CASES.parents[1] / "data"}
    for file in CASES.iterdir():
        text = file.read_text("utf-8")
        for word, place in places.items():
            text = text.replace(word, str(place))
        for old, new in RENAMED:
            text = re.sub(old, new, text)
        text = SEEDED.sub(lambda found: f"random.Random({int(found[1]) + offset})", text)
        (folder / file.name).write_text(text, "utf-8")
    return folder


def run(folder: Path, command: tuple[str, ...]) -> tuple[int, str]:
    """A harness's exit code, and all that it printed; 124 where it took too long."""
    work = folder.parent
    there = {
        f"XDG_{name}_HOME": str(work / name.lower())
        for name in ("STATE", "CACHE", "CONFIG", "DATA")
    }
    there |= {"XCOS_ROOT": str(ROOT), "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, *command], cwd=folder, env=os.environ | there, capture_output=True,
            timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        return 124, (error.stdout or b"").decode("utf-8", "replace")
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.shared_harnesses", description=__doc__)
    parser.add_argument("--offsets", type=int, nargs="+", default=[0], help="added to each seed")
    parser.add_argument("--only", nargs="+", help="these harnesses alone")
    given = parser.parse_args()
    if not CASES.is_dir():
        print(f"There are no harnesses at {CASES}, so none was run.")
        return 0
    wrong = 0
    for offset in given.offsets:
        with tempfile.TemporaryDirectory(
            prefix="xcos-harness-", ignore_cleanup_errors=True
        ) as work:
            folder = prepare(Path(work), offset)
            for command in RUNS:
                if given.only and command[0] not in given.only:
                    continue
                begun = time.monotonic()
                code, text = run(folder, command)
                faults = sum(int(number) for number in FAULTS.findall(text))
                seconds = time.monotonic() - begun
                print(
                    f"== {' '.join(command)} +{offset}: exit {code}, {faults} faults, {seconds:.0f} s",
                    flush=True,
                )
                wrong += bool(code or faults)
                told = text.splitlines()
                if code or faults or not FAULTS.search(text):  # some tell in words of their own
                    told = told[-40:]
                else:
                    told = [line for line in told if FAULTS.search(line)]
                print("\n".join(line[:400] for line in told), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
