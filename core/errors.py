"""What the user can mend; its text is all that the user sees."""

from collections.abc import Sequence

NAMED = 3  # of many names that a sentence tells
QUOTED = 60  # characters of a user's text that a message repeats


class XCosError(Exception):
    """One sentence that names the file or setting and the way out.

    option: what the sentence asks to be set otherwise, as the command line calls it; it adds its
    flag, and the window has a menu for it
    """

    def __init__(self, sentence: str = "", option: str | None = None) -> None:
        super().__init__(sentence)
        self.option = option


class Stopped(XCosError):
    """Work ended early because the user asked for it."""

    def __init__(self, what: str = "The work") -> None:
        super().__init__(f"{what} was stopped.")
        self._what = what

    def __reduce__(self) -> tuple[type["Stopped"], tuple[str]]:
        return Stopped, (self._what,)  # the sentence would be made into another one


def shown(text: object, length: int = QUOTED) -> str:
    """A user's text as a message has it: on one line, and cut where it is longer."""
    start = str(text)[: length + 1]  # what is beyond is not shown, and may be long
    line = one_line(start)
    return line if len(line) <= length else line[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def one_line(text: str) -> str:
    """A name as it is, but for line breaks and other characters that cannot be shown."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def some_of(names: Sequence[str], most: int = NAMED) -> str:
    """The first names of many, and how many more there are, within a sentence."""
    listed = ", ".join(shown(name) for name in names[:most])
    more = len(names) - most
    return f"{listed} and {more} more" if more > 0 else listed


def counted(count: int, one: str, more: str = "") -> str:
    """A number with its noun: 1 face, 2 faces; more: the plural, where it is not one + s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def these(count: int, one: str, more: str = "") -> str:
    """The same pointed at: this face, these 2 faces."""
    return f"this {one}" if count == 1 else f"these {counted(count, one, more)}"


def quoted(text: object) -> str:
    """The same in quotation marks."""
    return f"'{shown(text)}'"
