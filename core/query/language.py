"""The language of filters on pairs: its grammar, what it means as data, and back to text."""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from core.errors import XCosError, shown
from core.faces.conditions import CONDITIONS
from core.faces.photo_files import readable
from core.faces.regions import REGIONS
from core.project.edits import DECISIONS
from core.scoring.matrix import OUTCOMES

OF_CONDITIONS = tuple(condition.name for condition in CONDITIONS)
NUMBERS = ("score", "margin", "target", "fc", *OF_CONDITIONS)
TEXTS = (
    "identity", "left_identity", "right_identity", "photo", "left", "right", "tag", "note", "decision",
    "outcome", "kind",
)  # fmt: skip
FLAGS = ("doubtful", "fragile", "genuine", "impostor")
CHOICES: dict[str, tuple[str, ...]] = {
    "outcome": OUTCOMES,
    "kind": ("genuine", "impostor", "unknown"),
    "decision": DECISIONS,
}
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
SPELLINGS = {"==": "=", "\N{NOT EQUAL TO}": "!=", "\N{LESS-THAN OR EQUAL TO}": "<="}
SPELLINGS |= {"\N{GREATER-THAN OR EQUAL TO}": ">="}

GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: negation (_AND negation)*
?negation: _NOT negation -> negated
    | "(" either ")" -> bracketed
    | comparison
comparison: WORD OPERATOR value -> compared
    | _REGION "(" WORD+ ")" OPERATOR value -> region
    | _COLUMN "(" (STRING | (WORD | NUMBER)+) ")" OPERATOR value -> column
    | WORD -> flag
value: STRING | (WORD | NUMBER)+ PERCENT?
_AND.3: /and(?![^\s()=!<>~%"≠≤≥])/i
_OR.3: /or(?![^\s()=!<>~%"≠≤≥])/i
_NOT.3: /not(?![^\s()=!<>~%"≠≤≥])/i
_REGION.3: /region(?=\s*\()/i
_COLUMN.3: /column(?=\s*\()/i
NUMBER.2: /[+−-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?(?![^\s()=!<>~%"≠≤≥])/i
WORD.1: /[^\s()=!<>~%"≠≤≥]+/
STRING: /"(\\.|[^"\\])*"/s
OPERATOR: "!=" | "<=" | ">=" | "==" | "=" | "<" | ">" | "~" | "≠" | "≤" | "≥"
PERCENT: "%"
%ignore /\s+/
"""
TOLD = 100  # characters of a filter that a message quotes
DEEPEST = 50  # brackets and nots around a condition
IN_COLUMN = re.compile(r"(?<![\w.])column\s*\(\s*[^()\"\s][^()\"]*$", re.IGNORECASE)
BARE = re.compile(r"[^\W\d][\w./#-]*")


class FilterError(XCosError):
    """A filter that is not understood: which part of it, and why.

    start, end: the place in the filter's text that is at fault, counted from 0
    """

    def __init__(self, text: str, start: int, end: int, reason: str) -> None:
        start = min(max(start, 0), len(text))
        self.start, self.end = start, max(start, min(end, len(text)))
        near = shown(text[self.start : self.end], 40)
        where = f", near '{near}'" if near else ", at its end" if start == len(text) else ""
        super().__init__(
            f"The filter '{shown(text, TOLD)}' is not understood at column {start + 1}{where}: {reason}."
        )


@dataclass(frozen=True)
class Either:
    """Pairs that pass at least one of the parts."""

    parts: "tuple[Expression, ...]"

    def __str__(self) -> str:
        return " or ".join(_in_brackets(part, (Either,)) for part in self.parts)


@dataclass(frozen=True)
class Both:
    """Pairs that pass all parts."""

    parts: "tuple[Expression, ...]"

    def __str__(self) -> str:
        return " and ".join(_in_brackets(part, (Either, Both)) for part in self.parts)


@dataclass(frozen=True)
class Negated:
    """Pairs that do not pass."""

    part: "Expression"

    def __str__(self) -> str:
        return f"not {_in_brackets(self.part, (Either, Both))}"


@dataclass(frozen=True)
class Compared:
    """A field against a value: a number for a field of NUMBERS, else text."""

    field: str
    operator: Operator
    value: str | float

    def __str__(self) -> str:
        value = quoted(self.value) if isinstance(self.value, str) else _number(self.value)
        return f"{self.field} {self.operator} {value}"


@dataclass(frozen=True)
class RegionShare:
    """A face region's share of the score, in percent, against a number."""

    region: str
    operator: Operator
    percent: float

    def __str__(self) -> str:
        return f"region({self.region}) {self.operator} {_number(self.percent)} %"


@dataclass(frozen=True)
class ColumnValue:
    """A column of the gallery's CSV against a value; <, <=, > and >= compare numbers."""

    column: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f"column({quoted(self.column)}) {self.operator} {quoted(self.value)}"


@dataclass(frozen=True)
class Flag:
    """A property that a pair has or has not."""

    name: str

    def __str__(self) -> str:
        return self.name


Expression = Either | Both | Negated | Compared | RegionShare | ColumnValue | Flag


def parse(text: str) -> Expression:
    """What a filter means. Raises FilterError, which names the place that is at fault."""
    from lark import Token, Tree
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as error:
        at = error.pos_in_stream or 0
        if text[at] == '"' and _unquoted_column(text, at) is None:
            raise FilterError(text, at, len(text), "the quotation mark is not closed") from None
        reason = _unquoted_column(text, at) or "this sign has no meaning here"
        raise FilterError(text, at, at + 1, reason) from None
    except UnexpectedToken as error:
        token = error.token
        at = len(text) if token.type == "$END" else token.start_pos or 0
        reason = _unquoted_column(text, at) or _wanted(error.accepts or set(), token.type)
        end = at + len(token)
        if token.type == "OPERATOR" and "_AND" in (error.accepts or ()):
            # The word before it was taken for more of a value: two conditions stand side by side.
            at = text[:at].rstrip().rfind(" ") + 1
        raise FilterError(text, at, end, reason) from None
    return _Reader(text, Token, Tree).read(tree)


def quoted(value: str) -> str:
    """A value as it is written in a filter: bare where that is clear, else in quotation marks."""
    if BARE.fullmatch(value) and value.casefold() not in ("and", "or", "not"):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def fields_of(expression: Expression) -> frozenset[str]:
    """Names of the fields and flags that a filter asks for, "region" and "column" among them."""
    named = {ColumnValue: "column", RegionShare: "region"}
    return frozenset(
        part.field if isinstance(part, Compared) else named.get(type(part)) or str(part)
        for part in _leaves(expression)
    )


def columns_of(expression: Expression) -> frozenset[str]:
    """Names of the CSV's columns that a filter asks for."""
    return frozenset(part.column for part in _leaves(expression) if isinstance(part, ColumnValue))


def _leaves(expression: Expression) -> Iterator[Compared | ColumnValue | RegionShare | Flag]:
    if isinstance(expression, Either | Both):
        for part in expression.parts:
            yield from _leaves(part)
    elif isinstance(expression, Negated):
        yield from _leaves(expression.part)
    else:
        yield expression


def completions(columns: Iterable[str] = ()) -> list[str]:
    """What a filter's next word may be; columns: of the gallery's CSV."""
    regions = [f"region({name})" for name in REGIONS]
    choices = [choice for several in CHOICES.values() for choice in several]
    further = [f"column({quoted(name)})" for name in columns]
    words = {*NUMBERS, *TEXTS, *FLAGS, *regions, *further, *choices, "and", "or", "not"}
    return sorted(words, key=str.lower)


def prepare() -> None:
    """Build the parser in the background: the first filter would wait for it, on a busy machine long."""
    threading.Thread(target=_parser, name="filter grammar", daemon=True).start()


@lru_cache(1)
def _parser() -> Any:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True)


class _Reader:
    """Turns Lark's tree into an expression, and checks names and values."""

    def __init__(self, text: str, token: Any, tree: Any) -> None:
        self.text, self._token, self._tree = text, token, tree

    def read(self, tree: Any, deep: int = 0) -> Expression:
        kind = str(tree.data)
        if kind in ("either", "both"):
            parts = tuple(self.read(part, deep) for part in tree.children)
            return Either(parts) if kind == "either" else Both(parts)
        if kind in ("negated", "bracketed"):
            if deep == DEEPEST:
                self._fail(tree, f"more than {DEEPEST} brackets and nots lie in one another")
            part = self.read(tree.children[0], deep + 1)
            return Negated(part) if kind == "negated" else part
        if kind == "flag":
            return self._flag(tree.children[0])
        *names, operator, value = tree.children
        sign: Operator = SPELLINGS.get(str(operator), str(operator))  # type: ignore[assignment]
        if kind == "region":
            region = self._region(names)
            return RegionShare(region, self._ordered(operator, sign), self._percent(value))
        if kind == "column":
            return self._column(names, sign, value)
        return self._compared(names[0], operator, sign, value)

    def _flag(self, word: Any) -> Flag:
        name = word.casefold()
        if name in (*NUMBERS, *TEXTS):
            self._fail(word, f"an operator such as = is missing after {name}", after=True)
        if name not in FLAGS:
            self._fail_unknown(word)
        return Flag(name)

    def _fail_unknown(self, word: Any) -> None:
        known = ", ".join((*NUMBERS, *TEXTS, *FLAGS))
        self._fail(word, f"it is none of {known}, region() or column(NAME)")

    def _compared(self, word: Any, operator: Any, sign: Operator, value: Any) -> Expression:
        name = word.casefold()
        if name in NUMBERS:
            return Compared(name, self._ordered(operator, sign), self._number(value, name))
        if name not in TEXTS:
            if name in FLAGS:
                self._fail(operator, f"{name} stands alone, or as not {name}")
            self._fail_unknown(word)
        if sign not in ("=", "!=", "~"):
            self._fail(operator, f"{name} is text, which takes =, != and ~")
        if str(value.children[-1]) == "%":
            self._fail(value, f"{name} is no percentage; put the value in quotation marks")
        text = self._value(value)
        if name in CHOICES and sign != "~":
            choices = [c for c in CHOICES[name] if c.casefold() == text.casefold()]
            if not choices:
                what = {"outcome": "an outcome", "decision": "a decision", "kind": "a kind"}[name]
                self._fail(value, f"{what} is one of {', '.join(CHOICES[name])}")
            text = choices[0]
        return Compared(name, sign, text)

    def _region(self, words: Sequence[Any]) -> str:
        name = " ".join(words).casefold()
        if name not in REGIONS:
            start, end = words[0].start_pos, words[-1].end_pos
            raise FilterError(
                self.text, start, end, f"a region of the face is one of {', '.join(REGIONS)}"
            )
        return name

    def _ordered(self, operator: Any, sign: Operator) -> Operator:
        if sign == "~":
            self._fail(operator, "numbers take =, !=, <, <=, > and >=")
        return sign

    def _column(self, words: Sequence[Any], sign: Operator, value: Any) -> ColumnValue:
        if words[0].type == "STRING":
            name = _unquoted(words[0])
        else:
            name = self.text[words[0].start_pos : words[-1].end_pos]
        if str(value.children[-1]) == "%":
            self._fail(value, "a column is no percentage; put the value in quotation marks")
        text = self._value(value)
        if sign in ("<", "<=", ">", ">=") and number_in(text) is None:
            self._fail(value, f"{sign} compares numbers; write a number such as 30")
        return ColumnValue(readable(name), sign, text)

    def _percent(self, value: Any) -> float:
        if str(value.children[-1]) != "%":
            self._fail(value, "write a percentage, as in region(mouth) > 30 %")
        return self._number(value, "region()")

    def _number(self, value: Any, name: str) -> float:
        tokens = [token for token in value.children if token.type != "PERCENT"]
        if len(tokens) < len(value.children) and name != "region()":
            self._fail(value, f"{name} is no percentage; write a number such as 0.4")
        if len(tokens) != 1 or tokens[0].type != "NUMBER":
            self._fail(value, f"{name} takes a number such as 0.4")
        number = float(tokens[0].replace("\N{MINUS SIGN}", "-").replace(",", "."))
        if number in (float("inf"), float("-inf")):
            self._fail(value, "the number is too large")
        return number

    def _value(self, value: Any) -> str:
        first, last = value.children[0], value.children[-1]
        if first.type == "STRING":
            return _unquoted(first)
        for word in value.children:
            if word.casefold() in ("and", "or", "not"):
                self._fail(word, "a value is missing; a name such as this needs quotation marks")
        return self.text[first.start_pos : last.end_pos]

    def _fail(self, part: Any, reason: str, after: bool = False) -> None:
        if isinstance(part, self._token):
            start, end = part.start_pos, part.end_pos
        else:
            start, end = part.meta.start_pos, part.meta.end_pos
        raise FilterError(self.text, end if after else start, end, reason)


def number_in(text: str) -> float | None:
    """The number that a text is, with a decimal point or comma; None where it is none."""
    try:  # Python would read 1_2 as twelve
        number = float(text.replace("_", "?").replace("\N{MINUS SIGN}", "-").replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], token[1:-1], flags=re.DOTALL)


def _wanted(accepted: set[str], token: str) -> str:
    if token == "RPAR" and "$END" in accepted:
        return "it closes no bracket"
    if "STRING" in accepted:
        return "a value is missing"
    if "_NOT" in accepted:
        return "a condition such as score > 0.4 is missing"
    if "OPERATOR" in accepted:
        return "an operator such as = or > is missing"
    if "WORD" in accepted and not accepted & {"_AND", "$END", "RPAR"}:
        return "a region such as mouth is missing"
    if "RPAR" in accepted:
        return "a closing bracket is missing"
    if "LPAR" in accepted:
        return "an opening bracket is missing"
    return "'and' or 'or' is missing"


def _unquoted_column(text: str, at: int) -> str | None:
    """What to say of a place within the bare name of a column; None for any other place."""
    inside = IN_COLUMN.search(text[:at]) is not None and text[at : at + 1] not in (")", "")
    advice = 'a column of such a name is written in quotation marks, as column("taken in")'
    return advice if inside else None


def _in_brackets(part: Expression, kinds: tuple[type, ...]) -> str:
    return f"({part})" if isinstance(part, kinds) else str(part)


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
