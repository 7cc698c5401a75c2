"""What the user can mend; its text is all that the user sees."""

QUOTED = 60  # characters of a user's text that a message repeats


class XCosError(Exception):
    """One sentence that names the file or setting and the way out."""


class Stopped(XCosError):
    """Work ended early because the user asked for it."""

    def __init__(self, what: str = "The work") -> None:
        super().__init__(f"{what} was stopped.")
        self._what = what

    def __reduce__(self) -> tuple[type["Stopped"], tuple[str]]:
        return Stopped, (self._what,)  # the sentence would be made into another one


def quoted(text: str) -> str:
    """A user's text as a message repeats it: in quotation marks, on one line, its end cut off."""
    short = text if len(text) <= QUOTED else text[:QUOTED] + "…"
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in short) + "'"
