"""Everywhere a pair above its threshold is the same person, and one at it is not."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _is_threshold(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return _is_threshold(node.value)
    if isinstance(node, ast.Call):  # at_most(threshold)
        counts = isinstance(node.func, ast.Name) and node.func.id == "len"
        return not counts and any(map(_is_threshold, node.args))
    return "threshold" in getattr(node, "id", getattr(node, "attr", ""))


def _compared(tree: ast.AST) -> Iterator[tuple[ast.Compare, bool]]:
    """What compares something with a threshold, and whether it is only true above, or at most at it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = pairwise([node.left, *node.comparators])
            for (left, right), sign in zip(sides, node.ops, strict=True):
                ordered = isinstance(sign, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
                if ordered and _is_threshold(left) != _is_threshold(right):
                    right_way = (ast.Gt, ast.LtE) if _is_threshold(right) else (ast.Lt, ast.GtE)
                    yield node, isinstance(sign, right_way)


def test_a_score_at_the_threshold_is_nowhere_above_it() -> None:
    wrong, right = [], 0
    for package in ("core", "xcos_gui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node, well in _compared(ast.parse(path.read_text("utf-8"))):
                right += well
                where = f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
                wrong += [] if well else [where]
    assert not wrong
    assert right > 30
