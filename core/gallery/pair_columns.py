"""What the columns of a list of pairs are called, and what their labels say."""

SIDES = {
    side: (
        side,
        *(what + end for what in ("photo", "image", "img", "path", "file", "filename", "face")
          for end in (number, "_" + number, "_" + side, "_" + letter)),
        *(called + end for called in (side, *others) for end in ("", "_photo", "_image", "_img", "_path", "_file")),
    )
    for side, number, letter, others in (
        ("left", "1", "a", ("probe", "query")), ("right", "2", "b", ("reference", "gallery"))
    )
}  # fmt: skip
_SAME = (
    "same", "is_same", "same_person", "is_same_person", "same_identity", "is_same_identity",
    "same_subject", "same_face", "same_id", "genuine", "is_genuine", "mated", "is_mated", "match",
    "is_match", "matches", "matching", "matched", "positive", "is_positive", "ground_truth", "truth",
    "label", "y_true", "target", "gt", "y", "gleich", "gleiche_person", "dieselbe_person", "identisch",
    "identique", "même", "même_personne", "mismo", "misma_persona", "igual", "mesma_pessoa", "uguale",
    "stessa_persona", "zelfde", "zelfde_persoon", "samma", "samme"
)  # fmt: skip
_DIFFERENT = (
    "different", "is_different", "different_person", "is_different_person", "different_identity",
    "impostor", "is_impostor", "imposter", "is_imposter", "non_mated", "is_non_mated", "nonmated",
    "non_match", "is_non_match", "nonmatch", "mismatch", "is_mismatch", "not_same", "negative",
    "verschieden"
)  # fmt: skip
# Of a column `different`, 1 says that a pair is an impostor one.
TRUTH = {
    name: (*words, *(word.replace("_", "") for word in words if "_" in word))
    for name, words in (("same", _SAME), ("different", _DIFFERENT))
}
COLUMNS = SIDES | TRUTH
GENUINE = {"same", "genuine", "match", "mated"}
IMPOSTOR = {"different", "impostor", "imposter", "mismatch", "non-match", "nonmatch", "non-mated"}
SORTS = GENUINE | IMPOSTOR  # words that say the same under any head
TRUE = {"true", "t", "yes", "y"} | GENUINE
FALSE = {"false", "f", "no", "n"} | IMPOSTOR


def truth(cell: str) -> bool | None:
    """Whether a label says that a pair is genuine: 1 or 0 (-1), also as 1.0 or 1,0; yes or no."""
    word = cell.casefold()
    if word in TRUE or word in FALSE:
        return word in TRUE
    try:
        return {1.0: True, 0.0: False, -1.0: False}.get(float(word.replace(",", ".")))
    except ValueError:
        return None
