"""What a function was given, it hands on to whatever takes it by the same name.

So a stop reaches all work, and a setting all that depends on it, where forgetting it would leave a
default in its place that nobody asked for.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "xcos_gui", "benchmarks", "scripts")
Function = ast.FunctionDef | ast.AsyncFunctionDef

NOT_ON = {
    "core/analysis/patterns/figure.py map_rgba threshold": "only S is white at it",
    "core/explain/crop_scorer.py PairEngine device": "few pairs, which no GPU is needed for",
    "core/model/backbones/mobilefacenet.py _ConvBlock groups": "1x1 layers have one group",
    "core/scoring/tables.py write_table columns": "pyarrow's, of a schema that was made from them",
    "benchmarks/window.py GallerySettings faces": "a count of faces, not which ones",
}


class Signature(NamedTuple):
    """What may be given by place, and what may be left out."""

    places: tuple[str, ...]
    defaults: frozenset[str]


@cache
def _trees() -> dict[str, ast.Module]:
    files = (p for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py")))
    return {p.relative_to(ROOT).as_posix(): ast.parse(p.read_text("utf-8")) for p in files}


def _parameters(function: Function) -> list[str]:
    given = function.args
    return [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _signature(function: Function) -> Signature:
    given = function.args
    places = [a.arg for a in (*given.posonlyargs, *given.args)]
    optional = set(places[len(places) - len(given.defaults) :])
    named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    optional |= {a.arg for a, default in named if default is not None}
    own = places[:1] in (["self"], ["cls"])
    return Signature(tuple(places[own:]), frozenset(optional))


def _made_by(node: ast.ClassDef) -> Signature:
    """How a class is called: by its __init__, or by its fields."""
    for function in node.body:
        if isinstance(function, Function) and function.name == "__init__":
            return _signature(function)
    fields = [n for n in node.body if isinstance(n, ast.AnnAssign)]
    names = {n.target.id: n.value for n in fields if isinstance(n.target, ast.Name)}
    optional = frozenset(name for name, value in names.items() if value is not None)
    return Signature(tuple(names), optional)


def _signatures() -> dict[str, Signature]:
    """Of what is called by a name that has one meaning in all the program."""
    found: dict[str, set[Signature]] = defaultdict(set)
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].add(_made_by(node))
            elif isinstance(node, Function) and node.name != "__init__":
                found[node.name].add(_signature(node))
    return {name: next(iter(of)) for name, of in found.items() if len(of) == 1}


def _calls() -> Iterator[tuple[str, Function, ast.Call, str]]:
    """Each call: its file, the function that it stands in, itself, and what it calls."""
    for file, tree in _trees().items():
        for function in ast.walk(tree):
            if not isinstance(function, Function):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    yield file, function, node, str(name)


def test_a_task_is_handed_on() -> None:
    takes: dict[str, set[bool]] = defaultdict(set)
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                takes[node.name].add("task" in _parameters(node))
    takers = {name for name, kinds in takes.items() if kinds == {True}}
    assert len(takers) > 60
    dropped = set()
    for file, function, call, name in _calls():
        values = [*call.args, *(k.value for k in call.keywords)]
        names = {n.id for v in values for n in ast.walk(v) if isinstance(n, ast.Name)}
        handed = any("task" in one for one in names)
        if name in takers and "task" in _parameters(function) and not handed:
            dropped.add(f"{file} {name}")
    assert not dropped


def test_what_has_the_same_name_is_handed_on() -> None:
    signatures = _signatures()
    dropped, handed = set(), 0
    for file, function, call, name in _calls():
        starred = any(isinstance(a, ast.Starred) for a in call.args)
        if name not in signatures or starred or any(k.arg is None for k in call.keywords):
            continue
        places, defaults = signatures[name]
        given = {*places[: len(call.args)], *(k.arg for k in call.keywords)}
        # A layout gives its widgets their parent.
        asked = (defaults & {*_parameters(function)}) - {"parent"}
        handed += len(asked & given)
        dropped |= {f"{file} {name} {one}" for one in asked - given}
    assert dropped == NOT_ON.keys()
    assert handed > 100
