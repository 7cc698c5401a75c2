"""What hangs on faces of a gallery, of probes that are called alike, and on people of both."""

from core.project.edits import Edits, face_subject, identity_subject
from core.project.sides import cells_of_pair, edits_of_sides

ANN = identity_subject("ann")


def test_a_face_is_told_of_by_its_own_gallery_and_a_person_by_both() -> None:
    gallery = Edits(
        tags={face_subject("1.png"): ("blurred",), ANN: ("tall", "f")},
        notes={ANN: "of the gallery"},
    )
    probes = Edits(
        tags={face_subject("2.png"): ("mask",), ANN: ("twin", "f")},
        notes={ANN: "of the probes"},
        decisions={ANN: "unsure", face_subject("1.png"): "accept"},
    )
    rows, columns = edits_of_sides(gallery, probes)
    assert rows.tags == {face_subject("2.png"): ("mask",), ANN: ("twin", "f", "tall")}
    assert columns.tags == {face_subject("1.png"): ("blurred",), ANN: ("tall", "f", "twin")}
    assert (rows.notes[ANN], columns.notes[ANN]) == ("of the probes", "of the gallery")
    assert rows.decisions == probes.decisions and columns.decisions == {ANN: "unsure"}
    assert edits_of_sides(gallery) == (gallery, gallery)


def test_a_pair_of_the_gallery_s_own_is_no_probe_s() -> None:
    rows, columns = {"a": 0, "b": 1, "p": 2}, {"b": 0, "a": 1, "g": 2}
    assert cells_of_pair(("g", "p"), rows, columns, False) == [(2, 2)]
    assert cells_of_pair(("a", "b"), rows, columns, False) == []
    assert cells_of_pair(("a", "g"), rows, columns, False) == []  # both are faces of the gallery
    assert cells_of_pair(("p", "nobody"), rows, columns, False) == []
    assert sorted(cells_of_pair(("a", "b"), rows, rows, True)) == [(0, 1), (1, 0)]
