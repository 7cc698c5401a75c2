"""What the window on people says of classes and of a person."""

from collections import Counter

from core.analysis.people import ANIMALS, People, Person
from xcos_gui.tools.people.model import ANIMAL_COLOURS, NONE_COLOUR

MEANINGS = {
    "worm": "rejected often, and strangers are taken for them",
    "goat": "hard to match: the mean genuine score is in the lowest quarter",
    "phantom": "matches nobody: both mean scores are in their lowest quarters",
    "lamb": "matched by strangers: the impostor score is in the highest quarter",
    "wolf": "matches strangers as a probe: the impostor score is in the highest quarter",
    "chameleon": "matches everybody: both scores are in their highest quarters",
    "dove": "the best to have: matched with themselves, and not with strangers",
    "sheep": "neither score stands out",
}


def legend(everyone: People) -> str:
    """The classes that occur, with their colours and numbers of people."""
    counts = Counter(p.animal for p in everyone.persons)
    parts = []
    for animal in (*ANIMALS, None):
        if counts[animal]:
            colour = (ANIMAL_COLOURS[animal] if animal else NONE_COLOUR).name()
            name = f"{animal or 'no class'} {counts[animal]:,}"
            parts.append(
                f"<span style='color:{colour}'>\N{BLACK CIRCLE}</span>&nbsp;{name.replace(' ', '&nbsp;')}"
            )
    return " &nbsp; ".join(parts)


def person_words(person: Person) -> str:
    """What there is to say of a person."""
    parts = [person.identity]
    if person.animal:
        parts.append(f"{person.animal}: {MEANINGS[person.animal]}")
    if person.genuine_mean is None:
        parts.append("one photo, so there is no genuine pair")
    else:
        parts.append(
            f"{person.false_rejects:,} of {person.genuine_pairs:,} genuine pairs are rejected"
        )
    parts.append(f"{person.false_accepts:,} of {person.impostor_pairs:,} impostor pairs accepted")
    return "; ".join(parts) + "."
