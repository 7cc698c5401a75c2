"""Whether a text that is no Unicode is in Windows-1252, or its letters would come out as others."""

import re

LETTERS = "A-Za-zÀ-ÖØ-öø-ÿŠšŽžŒœŸ"
BEFORE, AFTER, NO_LETTER = f"(?<=[{LETTERS}])", f"(?=[{LETTERS}])", f"(?![{LETTERS}])"
BETWEEN = re.compile(r"[\s,;|]+")
# What no Western word has: what other encodings' letters come out as.
FOREIGN = re.compile(
    "|".join(
        (
            f"{BEFORE}[¡¢£¤¥¦§¬¯±¶¹³¼½¾¿ƒˆ˜‡†‰™“”‹›]+{AFTER}",
            f"(?<![{LETTERS}\\d])[£¥¯¦¶™]{AFTER}",
            f"{BEFORE}[‚„]",  # é and ä of code page 850
            f"(?<=[{LETTERS}]{{3}})³|(?<=[À-ÿ])³",  # Paweł in Windows-1250; m³ and cm³ are Western
            f"(?<=[A-BE-LO-Za-be-lo-zÀ-ÿ])[ªº]{AFTER}|(?<![{LETTERS}\\d.])[ªº]{AFTER}",  # not Mª, 1ª
            f"{BEFORE}[ŠŽŸŒ][a-z]|(?<=[a-z])[ŠŽŸŒ]{NO_LETTER}",  # ä, é, ü, å of Mac Roman
            f"[iou]æ{NO_LETTER}|[èÈ][aeiouáéíý]|ø[áéíý]",  # Petrović, Čapek, Jiří
            "ñ(?:sk|cz|k|c[aio])|[Œœ][wkzj]|[aeioyó]œ",  # Kamiński, Świder, Jaś
            f"[ðÐþÞýÝ][{LETTERS}]{{0,30}}[çÇüÜ]|[çÇüÜ][{LETTERS}]{{0,30}}[ðÐþÞýÝ]",  # Çağlar; Icelandic has neither
            f"þ(?![aeiouyáéíóúýöæøAEIOUYrjv])|ýþ|(?<=[IiUuOo])þý|ýl[dm]|oðlu{NO_LETTER}|Ý[bhklpsz]",  # Barış, Yılmaz
        )
    )
)


def western(data: bytes) -> str | None:
    """A text's characters in Windows-1252; None where they would not be those that were written."""
    if b"\r" in data and b"\n" not in data and not data.isascii():
        return None  # Mac Roman, whose lines end so
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    words = {word for word in BETWEEN.split(text) if not word.isascii()}
    return None if any(map(FOREIGN.search, words)) else text
