"""Whoever is given a task hands it on, so that a stop reaches all work, and all work is told."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Another library's, and what is asked in chunks that are told already.
NOT_ON = {"core/analysis/face_map.py fit", "core/training/target_cache.py answers"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (n for n in ast.walk(tree) if isinstance(n, Function))


def _parameters(function: Function) -> list[str]:
    given = function.args
    return [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _mentions_task(call: ast.Call) -> bool:
    values = [*call.args, *(k.value for k in call.keywords)]
    return any(isinstance(n, ast.Name) and "task" in n.id for v in values for n in ast.walk(v))


def test_a_task_is_handed_on() -> None:
    trees = {p: ast.parse(p.read_text()) for p in sorted((ROOT / "core").rglob("*.py"))}
    takes: dict[str, set[bool]] = defaultdict(set)
    for tree in trees.values():
        for function in _functions(tree):
            takes[function.name].add("task" in _parameters(function))
    takers = {name for name, kinds in takes.items() if kinds == {True}}
    assert len(takers) > 60
    dropped = {
        f"{path.relative_to(ROOT).as_posix()} {_called(node)}"
        for path, tree in trees.items()
        for function in _functions(tree)
        if "task" in _parameters(function)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and _called(node) in takers and not _mentions_task(node)
    }
    assert dropped == NOT_ON
