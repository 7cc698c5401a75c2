"""Subtle changes of Python source that leave it running: what a slip of the hand would do.

Each operator answers the texts that may stand in a node's place; whatever only crashes, such as a
name that is not bound, is left out.
"""

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

Operator = Callable[[ast.AST, "Scope"], Iterator[ast.AST]]

PAIRS = (
    ("left", "right"), ("rows", "columns"), ("row", "column"), ("i", "j"), ("x", "y"),
    ("width", "height"), ("w", "h"), ("n", "m"), ("genuine", "impostor"), ("low", "high"),
    ("deletion", "insertion"), ("deleted", "inserted"), ("lefts", "rights"), ("top", "bottom"),
    ("one", "other"), ("cosine", "attention"), ("tp", "fp"), ("fn", "tn"), ("before", "after"),
    ("first", "second"), ("start", "stop"), ("sin", "cos"), ("far", "tar"), ("real", "predicted"),
)  # fmt: skip
SWAPS = {a: b for one, other in PAIRS for a, b in ((one, other), (other, one))}
NAMED = {
    "min": "max", "max": "min", "all": "any", "any": "all", "argmin": "argmax", "argmax": "argmin",
    "minimum": "maximum", "maximum": "minimum", "floor": "ceil", "ceil": "floor", "mean": "sum",
    "median": "mean", "tril": "triu", "triu": "tril", "logical_and": "logical_or",
    "logical_or": "logical_and", "nanmin": "nanmax", "nanmax": "nanmin",
}  # fmt: skip
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
UNSEEN = ("axis", "dim", "dtype", "device", "non_blocking", "strict", "stacklevel")  # or a crash
LOOKS = re.compile("setContentsMargins|setSpacing|setMinimumWidth|^_(lines|box|dot|ring|arc)$")
KEYED = re.compile(r"key|digest|fingerprint|signature|asked|state|name", re.IGNORECASE)


@dataclass(frozen=True)
class Scope:
    """Where a node stands: the names that its function binds, attributes of the file, its name."""

    names: frozenset[str]
    attributes: frozenset[str]
    strings: frozenset[str]
    function: str


def comparison(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """< for <=, == for !=."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            if type(operator) in COMPARED:
                changed = copy.deepcopy(node)
                changed.ops[place] = COMPARED[type(operator)]()
                yield changed


def off_by_one(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """A whole number one more or less."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield ast.Constant(node.value + 1)
        if node.value > 0:
            yield ast.Constant(node.value - 1)


def axis(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """Another axis."""
    if isinstance(node, ast.keyword) and node.arg in ("axis", "dim", "axes"):
        value = node.value
        if isinstance(value, ast.Constant) and type(value.value) is int:
            other = {0: 1, 1: 0, 2: 1}.get(value.value)
            if other is not None:
                yield ast.keyword(node.arg, ast.Constant(other))
        elif isinstance(value, ast.UnaryOp):
            other = -2 if ast.unparse(value) == "-1" else -1
            yield ast.keyword(node.arg, ast.parse(str(other), mode="eval").body)
        elif isinstance(value, ast.Tuple) and len(value.elts) == 2:
            yield ast.keyword(node.arg, value.elts[0])
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def swap(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """Left for right, rows for columns, i for j, x for y."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        other = SWAPS.get(node.id)
        if other in scope.names:
            yield ast.Name(other, ast.Load())
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        other = SWAPS.get(node.attr) or NAMED.get(node.attr)
        if other is not None and (other in scope.attributes or node.attr in NAMED):
            yield ast.Attribute(node.value, other, ast.Load())
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        other = SWAPS.get(node.value)
        if other in scope.strings:
            yield ast.Constant(other)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in NAMED:
            changed = copy.deepcopy(node)
            changed.func = ast.Name(NAMED[node.func.id], ast.Load())
            yield changed
        for place in range(len(node.args) - 1):
            one, other = node.args[place : place + 2]
            if _alike(one, other):
                changed = copy.deepcopy(node)
                changed.args[place : place + 2] = [other, one]
                yield changed


def sign(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """Plus for minus, and a minus left out."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        turned = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        if not any(_is_text(part) for part in (node.left, node.right)):
            yield ast.BinOp(node.left, turned, node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        turned = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        if not isinstance(node.value, ast.List | ast.ListComp) and not _is_text(node.value):
            yield ast.AugAssign(node.target, turned, node.value)


def factor(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """A factor, a divisor or a term left out."""
    dropped = ast.Mult | ast.Div | ast.Sub | ast.FloorDiv | ast.Mod
    if isinstance(node, ast.BinOp) and isinstance(node.op, dropped) and not _is_text(node.left):
        yield node.left
        if isinstance(node.op, ast.Mult):
            yield node.right
    if isinstance(node, ast.Constant) and type(node.value) is float and node.value:
        yield ast.Constant(node.value * 2)


def condition(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """And for or, a part of a condition left out, the branches of an expression turned."""
    if isinstance(node, ast.BoolOp):
        turned = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        if not any(
            isinstance(v, ast.Compare | ast.Constant) and "None" in ast.unparse(v)
            for v in node.values
        ):
            yield ast.BoolOp(turned, node.values)
            for place in range(len(node.values)):
                rest = node.values[:place] + node.values[place + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    if isinstance(node, ast.IfExp) and "None" not in ast.unparse(node):
        yield ast.IfExp(node.test, node.orelse, node.body)
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)
    # Outside a function | joins types.
    bits = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr)
    if bits and scope.function:
        turned = ast.BitOr() if isinstance(node.op, ast.BitAnd) else ast.BitAnd()
        yield ast.BinOp(node.left, turned, node.right)
        yield node.left


def dropped(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """A field of a key, an entry of a mapping, a named argument or a bound of a slice left out."""
    loaded = isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load)
    if loaded and len(node.elts) > 2 and KEYED.search(scope.function):
        for place in range(len(node.elts)):
            yield ast.Tuple(node.elts[:place] + node.elts[place + 1 :], ast.Load())
    if isinstance(node, ast.JoinedStr) and KEYED.search(scope.function):
        for place, part in enumerate(node.values):
            if isinstance(part, ast.FormattedValue):
                yield ast.JoinedStr(node.values[:place] + node.values[place + 1 :])
    if isinstance(node, ast.Call):
        for place, given in enumerate(node.keywords):
            if given.arg is not None and given.arg not in UNSEEN:
                changed = copy.deepcopy(node)
                del changed.keywords[place]
                yield changed
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                changed = copy.deepcopy(node)
                setattr(changed, bound, None)
                yield changed


OPERATORS: tuple[Operator, ...] = (
    comparison, off_by_one, axis, swap, sign, factor, condition, dropped
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed file: `after` in place of the bytes from `begin` to `end`.

    function: the name of the one that was changed, "" outside
    first, last: the lines of the statement that was changed, from 1
    """

    file: str
    operator: str
    function: str
    first: int
    last: int
    before: str
    after: str
    whole: bytes
    begin: int
    end: int

    @property
    def source(self) -> str:
        """The changed file."""
        return (self.whole[: self.begin] + self.after.encode() + self.whole[self.end :]).decode()

    @property
    def key(self) -> str:
        """Its lines before and after, which stay when others move: for the list of equivalent ones."""
        start = self.whole.rfind(b"\n", 0, self.begin) + 1
        stop = self.whole.find(b"\n", self.end)
        before = self.whole[start : stop if stop >= 0 else None].decode()
        head, tail = self.whole[start : self.begin].decode(), self.whole[self.end : stop].decode()
        lines = (" ".join(text.split()) for text in (before, head + self.after + tail))
        return f"{self.file}: {' -> '.join(lines)}"


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """All mutants of a file, in the order of the source; `runs` tells which of them are programs."""
    tree = ast.parse(source)
    attributes = frozenset(n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute))
    fields = frozenset(
        n.target.id
        for n in ast.walk(tree)
        if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
    )
    strings = frozenset(
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    data = source.encode()
    for node, function, statement in _visited(tree):
        scope = Scope(_bound(function), attributes | fields, strings, getattr(function, "name", ""))
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        for operator in OPERATORS:
            for changed in operator(node, scope):
                old, new = data[begin:end].decode(), _text(changed, node)
                if "perf_counter" in old and operator in (sign, factor):
                    continue  # a clock's reading is nobody's law
                how, where = operator.__name__, (scope.function, *statement)
                yield Mutant(file, how, *where, old, new, data, begin, end)


def _text(changed: ast.AST, replaced: ast.AST) -> str:
    if isinstance(changed, ast.keyword):
        return f"{changed.arg}={ast.unparse(changed.value)}"
    text = ast.unparse(changed)
    compound = isinstance(changed, ast.BinOp | ast.BoolOp | ast.IfExp | ast.Compare | ast.UnaryOp)
    # A part that is put in place of its whole must bind as tightly as the whole did.
    return f"({text})" if compound else text


def _visited(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.AST, tuple[int, int]]]:
    """Nodes with places in the source, the function each is in, its statement's first and last line."""

    def visit(node: ast.AST, function: ast.AST, statement: tuple[int, int]) -> Iterator:
        if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.Assert):
            return  # messages, and what only crashes
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return  # only crashes
        if isinstance(node, ast.Call) and LOOKS.search(ast.unparse(node.func)):
            return  # a pixel more or less is nobody's law
        if isinstance(node, ast.JoinedStr) and not KEYED.search(getattr(function, "name", "")):
            return
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
            statement = (node.lineno, max(node.lineno, last))
        if hasattr(node, "lineno") and hasattr(node, "end_lineno"):
            yield node, function, statement
        inner = node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from visit(child, inner, statement)

    yield from visit(tree, tree, (1, 1))


@cache
def _bound(function: ast.AST) -> frozenset[str]:
    names = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    names |= {
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    return frozenset(names)


def _alike(one: ast.expr, other: ast.expr) -> bool:
    """Whether two arguments are of a sort, so that they could be mistaken for each other."""
    plain = ast.Name | ast.Attribute
    if not (isinstance(one, plain) and isinstance(other, plain)):
        return False
    texts = [re.split(r"[._]", ast.unparse(part)) for part in (one, other)]
    return any(SWAPS.get(a) == b for a in texts[0] for b in texts[1])


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr | ast.List | ast.ListComp) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def runs(mutant: Mutant, source: str) -> bool:
    """Whether a mutant of a file's source is a program, and another one."""
    try:
        compile(mutant.source, "mutant", "exec")
        return ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return False
