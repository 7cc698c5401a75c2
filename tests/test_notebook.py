"""What a notebook imports: pairs and matrices show themselves and agree with the command line."""

import csv
import html
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.project.kept_settings import keep_settings
from core.project.project import Project
from core.project.state import ProjectState
from tests.living import make_crops

ROOT = Path(__file__).parents[1]


def test_importing_core_imports_nothing_heavy() -> None:
    check = (
        "import sys, core; core.__all__\n"
        "print([n for n in ('torch', 'numpy', 'pandas', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_gallery_its_matrix_and_a_pair(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas", reason="the package pandas is not installed")
    from core import load_model, open_gallery

    model = load_model(tiny_weights, device="cpu")
    gallery = open_gallery(crops, model, aligned=True, cache=tmp_path / "cache.sqlite")
    assert len(gallery) == 6 and gallery.keys[0] == "ann/1.png"
    kept = Cache(tmp_path / "cache.sqlite")
    assert all(kept.crop(face.digest) is not None for face in gallery.loaded.gallery.faces)
    assert not (tmp_path / "user").exists()  # nothing of it reaches the user's own cache
    assert gallery.frame().identity.tolist() == ["ann"] * 3 + ["bob"] * 2 + ["cem"]
    matrix = gallery.matrix()
    output = tmp_path / "scores.csv"
    command = ["score", str(crops), "--aligned", "--model", str(tiny_weights), "-o", str(output)]
    assert main(command) == 0
    with output.open(newline="") as file:
        known = list(csv.DictReader(file))
    frame = matrix.frame()
    assert frame.left.tolist() == [row["left"] for row in known]
    assert frame.score.tolist() == pytest.approx([float(row["score"]) for row in known], abs=1e-6)
    assert frame.outcome.tolist() == [row["outcome"] for row in known]
    counts = matrix.counts
    assert counts.tp + counts.fn == 4 and counts.fp + counts.tn == 11
    pair = gallery.explain(0, "bob/1.png")
    assert pair.score == pytest.approx(float(matrix.scores[0, 3]), abs=1e-6)
    assert pair.frame().contribution.sum() == pytest.approx(pair.score, abs=1e-9)
    for shown in (pair, matrix):
        assert shown._repr_png_().startswith(b"\x89PNG")
        assert "data:image/png;base64," in shown._repr_html_()
    words = pair.words
    assert words is not None and html.escape(words) in pair._repr_html_()
    assert "6 faces of 3 people" in gallery._repr_html_() and "6 faces of 3 people" in repr(gallery)
    loose = shutil.copy(crops / "cem" / "1.png", crops / "IMG_0001.png")  # nobody's name
    more = open_gallery(crops, model, aligned=True, cache=tmp_path / "cache.sqlite")
    assert "7 faces of 3 people" in repr(more) and "7 faces of 3 people" in more._repr_html_(), (
        loose
    )
    pair.save(tmp_path / "pair.json")
    assert json.loads((tmp_path / "pair.json").read_text())["score"] == pair.score


def test_two_photos_and_what_is_not_there(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    from core import explain_pair, load_model, open_gallery

    model, cache = load_model(tiny_weights, device="cpu"), tmp_path / "cache.sqlite"
    photos = crops / "ann" / "1.png", crops / "ann" / "2.png"
    pair = explain_pair(*photos, model, aligned=True, cache=cache)
    gallery = open_gallery(crops, model, aligned=True, cache=cache)
    assert pair.score == pytest.approx(gallery.explain("ann/1.png", "ann/2.png").score, abs=1e-6)
    with pytest.raises(XCosError, match="no face of this gallery"):
        gallery.explain("ann/1.png", "ann/9.png")
    with pytest.raises(XCosError, match="has 6 faces"):
        gallery.explain(0, 6)


def test_a_saved_pair_never_replaces_its_photos_or_their_list(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    from core import explain_pair, load_model, open_gallery

    model, cache = load_model(tiny_weights, device="cpu"), tmp_path / "cache.sqlite"
    names = "ann/1.png", "bob/1.png"
    listed = crops / "list.csv"
    listed.write_text("path,identity\nann/1.png,ann\nbob/1.png,bob\n")
    of_photos = explain_pair(*(crops / name for name in names), model, aligned=True, cache=cache)
    of_list = open_gallery(listed, model, aligned=True, cache=cache).explain(*names)
    for pair, path in (
        (of_photos, crops / names[1]),
        (of_list, crops / names[0]),
        (of_list, listed),
    ):
        before = path.read_bytes()
        with pytest.raises(XCosError, match="would be replaced by the result"):
            pair.save(path)
        assert path.read_bytes() == before
    of_list.save(tmp_path / "pair.csv")


def test_the_weights_that_ship_are_taken_where_no_model_is_named(
    crops: Path, tmp_path: Path
) -> None:
    from core import explain_pair, load_model, open_gallery

    photos, cache = (crops / "ann" / "1.png", crops / "bob" / "1.png"), tmp_path / "c.sqlite"
    wanted = explain_pair(*photos, load_model(), aligned=True, cache=cache).score
    assert explain_pair(*photos, aligned=True, cache=cache).score == wanted
    gallery = open_gallery(crops, aligned=True, cache=cache)
    assert gallery.explain("ann/1.png", "bob/1.png").score == pytest.approx(wanted, abs=1e-6)


def test_a_gallery_shows_its_first_twelve_faces(tmp_path: Path, tiny_weights: Path) -> None:
    from core import load_model, open_gallery

    folder, model = (
        make_crops(tmp_path / "many", {"ann": 7, "bob": 6}),
        load_model(tiny_weights, device="cpu"),
    )
    gallery = open_gallery(folder, model, aligned=True, cache=tmp_path / "c.sqlite")
    assert len(gallery) == 13 and gallery._repr_html_().count("<img") == 12


def test_the_notebook_on_figure_3_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat", reason="the package nbformat is not installed")
    client = pytest.importorskip("nbclient", reason="the package nbclient is not installed")
    pytest.importorskip("ipykernel", reason="the package ipykernel is not installed")
    for name in ("XDG_CACHE_HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(ROOT / "docs" / "figure3.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    client.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": tmp_path}}
    ).execute()
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 3


def test_strength_conditions_and_groups_in_a_notebook(tiny_weights: Path, tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="the package pandas is not installed")
    pytest.importorskip("lir", reason="the extra evidence is not installed")
    from core import load_model, open_gallery

    names = ("ann", "bob", "cem", "dan", "eve")
    folder = make_crops(tmp_path / "g", dict.fromkeys(names, 3))
    lines = [f"{n}/{k}.png,{n},{'f' if n in 'ann eve' else 'm'}" for n in names for k in (1, 2, 3)]
    (folder / "list.csv").write_text("path,identity,sex\n" + "\n".join(lines))
    model = load_model(tiny_weights, device="cpu")
    matrix = open_gallery(
        folder / "list.csv", model, aligned=True, cache=tmp_path / "cache.sqlite"
    ).matrix()
    strength = matrix.strength("ann/1.png", "bob/2.png")
    assert strength.score == pytest.approx(float(matrix.scores[0, 4]))
    assert strength.floor <= strength.log10_lr <= strength.ceiling
    frame = matrix.conditions()
    assert list(frame.columns[:2]) == ["path", "identity"] and len(frame) == 15
    ranges = matrix.by_condition("sharpness").ranges
    assert sum(one.genuine for one in ranges) == 15
    assert isinstance(matrix.slices(), tuple)
    assert matrix.threshold_fit().found.faces == 15
    persons = matrix.identify("best")
    assert persons.persons == names and len(persons.cmc()) == 5
    why = matrix.why_not_second(persons, 0)
    assert why.margin == pytest.approx(np.diff(np.sort(persons.scores[0])[-2:])[0], abs=1e-5)
    with pytest.raises(XCosError, match="Nobody has read a pair"):
        matrix.readers()
    assert list(matrix.readings().columns) == ["reader", "left", "right", "rating", "time"]
    assert [(g.name, g.people) for g in matrix.groups("sex").groups] == [("f", 2), ("m", 3)]


def test_a_target_is_shown_beside_however_its_file_is_named(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    from core import load_model, open_gallery
    from core.model.target_choice import TargetChoice
    from tests.onnx_models import expected, face_model  # skips where ONNX is not installed

    file = face_model(tmp_path / "face.onnx")
    assert load_model(tiny_weights, device="cpu").target is None
    cosines = []
    for target in (file, str(file), TargetChoice(file)):
        model = load_model(tiny_weights, target, device="cpu")
        gallery = open_gallery(crops, model, aligned=True, cache=tmp_path / "cache.sqlite")
        cosines.append(gallery.explain(0, 3).explanation.target_cosine)
    read = [np.asarray(Image.open(crops / key)) for key in ("ann/1.png", "bob/1.png")]
    left, right = expected(np.stack(read))
    assert cosines == pytest.approx([float(left @ right)] * 3, abs=1e-5)


def test_a_gallery_has_what_was_changed_of_it_in_the_window(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import load_model, open_gallery

    model, cache = load_model(tiny_weights, device="cpu"), tmp_path / "cache.sqlite"
    project = Project.open(crops, tmp_path)
    project.set_identity(["ann/2.png"], "zoe")
    project.set_aside(["cem/1.png"])
    monkeypatch.chdir(crops.parent)
    for source in (crops, Path(crops.name), str(crops)):
        gallery = open_gallery(source, model, aligned=True, cache=cache)
        names = [face.identity for face in gallery.loaded.gallery.faces]
        assert names == ["ann", "ann", "bob", "bob", "zoe"]
    assert gallery.matrix().counts.tp + gallery.matrix().counts.fn == 2
    settings = GallerySettings("all", aligned=True)
    state = ProjectState(crops, settings=settings).to_json(tmp_path / "saved.xcos")
    saved = project.saved_as(tmp_path / "saved.xcos", state)
    saved.bring_back(["cem/1.png"])
    gallery = open_gallery(tmp_path / "saved.xcos", model, cache=cache)  # aligned, as it says
    names = [face.identity for face in gallery.loaded.gallery.faces]
    assert names == ["ann", "ann", "bob", "bob", "cem", "zoe"]
    assert gallery.loaded.gallery.source == crops
    keep_settings(project, GallerySettings("all", aligned=True))
    assert len(open_gallery(crops, model, cache=cache)) == 5  # aligned, as the window kept it
    with pytest.raises(XCosError, match=r"gone\.xcos"):
        open_gallery(tmp_path / "gone.xcos", model, cache=cache)
