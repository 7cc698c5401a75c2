"""What rounds to nought has no minus sign."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIGNED = re.compile(r":\+(?!z)[,\d]*\.\d[feg%]\}")


def test_numbers_with_a_sign_are_never_minus_nought() -> None:
    assert f"{-0.0004:+z.3f} {-0.0004:z.3f}" == "+0.000 0.000"
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for package in ("core", "xcos_gui")
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if SIGNED.search(line)
    ]
    assert found == []
