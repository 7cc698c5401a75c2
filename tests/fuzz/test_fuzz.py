"""A second or two of mutated files for each reader; `python -m tests.fuzz` takes as long as it may."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import XCosError
from tests.fuzz import harness
from tests.fuzz.harness import Reader, Wrong, fuzz
from tests.fuzz.known import KNOWN
from tests.fuzz.readers import READERS, reader

SEED = 20_261


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_or_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    asked = reader(name, tmp_path)
    found = fuzz(asked, SEED, cases=asked.quick)
    assert found.read > 0  # else what follows the reading is not tried
    new = {kind: f.told for kind, f in found.faults.items() if kind not in KNOWN.get(name, ())}
    assert not new, "\n\n".join(f"{kind}\n{told}" for kind, told in new.items())


@pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="this system has no timer of CPU time")
def test_what_computes_for_ever_is_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "LIMIT", 0.1)
    with pytest.raises(harness.Hang), harness._limited():
        while True:
            pass


class _Odd(Reader):
    """Answers as its file says."""

    name = "odd"
    words: list[bytes]

    def mutant(self, rng: object) -> bytes:
        return self.words.pop(0)

    def read(self) -> None:
        word = self.path.read_text()
        if word == "sentence":
            raise XCosError(f"{self.path} is damaged; get it anew.")
        if word == "nameless":
            raise XCosError("It is damaged; get it anew.")
        if word == "wrong":
            raise Wrong("not finite")
        if word == "crash":
            raise KeyError("inner")


def test_what_counts_as_a_fault(tmp_path: Path) -> None:
    odd = _Odd(tmp_path)
    odd.words = [b"fine", b"sentence", b"nameless", b"wrong", b"crash", b"crash"]
    found = fuzz(odd, 0, cases=6)
    assert (found.read, found.refused) == (1, 2)
    assert sorted((kind.split(" in ")[0], f.count) for kind, f in found.faults.items()) == [
        ("KeyError", 2),
        ("unnamed: It is damaged; get it anew.", 1),
        ("wrong: not finite", 1),
    ]


def test_the_long_run_keeps_what_it_finds_and_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--minutes", "0.05", "--reader", "filters"]
    command += ["--keep", str(tmp_path / "kept")]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    assert "filters 0: " in done.stdout and "kinds of faults" in done.stdout
    assert (tmp_path / "kept").is_dir()
