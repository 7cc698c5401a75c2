"""What commands refuse, each in one sentence with the way out."""

from itertools import permutations
from pathlib import Path

import pytest

from core.cli import main
from core.model.backbones import build_backbone
from core.model.card import ModelCard
from core.model.weights import save_weights
from tests.commands.conftest import Ask
from tests.living import COUNTS

BARE = "bare has no threshold; give one with --threshold."
PAIR = ("{crops}/ann/1.png", "{crops}/bob/1.png")


def refused(said: tuple[int, str, str], sentence: str) -> None:
    code, out, err = said
    assert (code, out) == (1, "") and err.splitlines() == [f"xcos: {sentence}"]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (
            "score {crops} --which errors",
            "--which errors needs --hardest with a number of pairs.",
        ),
        (
            "report {crops} -o {tmp}/r.html --by sex",
            "--by tells errors in the record; give --record too.",
        ),
        (
            "report {crops} -o {tmp}/r.html --filter genuine --pair ann/1.png ann/2.png",
            "--pair names one pair, so there is nothing to filter; give one of them.",
        ),
        (
            "report {crops} -o {tmp}/r.html --pair ann/1.png ann/1.png",
            "ann/1.png and ann/1.png are one face, which is no pair; name two faces.",
        ),
        (
            "report {crops} -o {tmp}/folder.html",
            "{tmp}/folder.html is a folder; give the name of a file.",
        ),
        (
            "matrix {crops} --less attention:uniform --level people -o {tmp}/a.csv",
            "A table has no differences; write a picture, or leave out --less.",
        ),
        (
            "matrix {crops} --level nobody",
            "--level nobody: give faces, people, tags or column:NAME of the CSV.",
        ),
        (
            "matrix {crops} --outcomes --far mean -o {tmp}/a.png",
            "A mean score has no outcome; use --far worst or errors.",
        ),
        (
            "matrix {crops} --outcomes --less attention:uniform -o {tmp}/a.png",
            "A difference has colours of its own; leave --outcomes out, or --less.",
        ),
        (
            "matrix {crops} --outcomes",
            "--outcomes and --dark colour a picture; name one with -o, as matrix.png.",
        ),
        (
            "patterns {crops} --minus FP identity=ann FN",
            "--minus names more than one outcome; give one of each sort.",
        ),
        (
            "labels {crops} --export {tmp}/labels.txt",
            "{tmp}/labels.txt must end in .csv; choose another name.",
        ),
        (
            "patterns {crops} --groups 7",
            "--groups 7 is no number of groups; give 1 to 6, or none.",
        ),
        (
            "patterns {crops} --pairs {tmp}/unknown.csv --outcome FP",
            "--pairs names the pairs; leave --outcome, --identity, --tag and --filter out, or --pairs.",
        ),
        (
            "worth {crops} --thresholds eer --threshold 0.3",
            "--thresholds eer tells each kind's threshold; leave --threshold out, or take "
            "--thresholds set.",
        ),
        (
            "worth {crops} --thresholds own --threshold 0.3",
            "--thresholds own tells each kind's threshold; leave --threshold out, or take "
            "--thresholds set.",
        ),
        (
            "two-models {crops} --other xcos-small --at eer --threshold 0.3",
            "--at eer tells the thresholds of both models; leave --threshold out, or take --at set.",
        ),
        (
            "two-models {crops} --other xcos-small --at own --threshold 0.3",
            "--at own tells the thresholds of both models; leave --threshold out, or take --at set.",
        ),
        (
            "lr {crops}/ann/1.png {crops}/bob/1.png --threshold 0.3",
            "A likelihood ratio is of the score alone; leave --threshold out, or move one by --prior.",
        ),
        (
            "evaluate {tmp}/pairs.csv --threshold 0.3",
            "Each kind of score is judged at a threshold that the pairs or the weights give; leave "
            "--threshold out.",
        ),
        (
            "evaluate {tmp}/pairs.csv --attention uniform",
            "Each kind of attention is measured; leave --attention out.",
        ),
        (
            "compare {crops}/ann/1.png {crops}/bob/1.png --half",
            "Maps are compared in single precision; leave --half out.",
        ),
        (
            "evaluate {tmp}/a.bin --photos {crops}",
            "{tmp}/a.bin holds its pictures itself, so none lie in {crops}; leave that out. (--photos)",
        ),
        (
            "compare {tmp}/a.bin --photos {crops}",
            "{tmp}/a.bin holds its pictures itself, so none lie in {crops}; leave that out. (--photos)",
        ),
        (
            "report {crops} -o {tmp}/r.html --cells",
            "--cells is of tables, and a page tells the cells of each pair as it is; name a table, "
            "such as pairs.csv, with -o too.",
        ),
        (
            "patterns {crops} --groups=-1",
            "--groups -1 is no number of groups; give 1 to 6, or none.",
        ),
        (
            "patterns {crops} --pairs {tmp}/unnamed.csv",
            "{tmp}/unnamed.csv, line 1: name the columns left and right, as xcos score does.",
        ),
        (
            "patterns {crops} --pairs {tmp}/unknown.csv",
            "{tmp}/unknown.csv, line 3: 'ann/2.png' and 'ann/9.png' are not both faces of the gallery; "
            "write them as xcos score does.",
        ),
        (
            "labels {tmp}/broken",
            "{tmp}/broken gives no face; choose another gallery.",
        ),
        (
            "evaluate {tmp}/pairs.csv -o {tmp}/unnamed.csv",
            "{tmp}/unnamed.csv is a file; -o needs a folder for the report.",
        ),
        (
            "compare {tmp}/splits.txt",
            "{tmp}/splits.txt lists videos; name a list of photos.",
        ),
        (
            "explain {tmp}/bad.png {crops}/ann/1.png",
            "{tmp}/bad.png is not an image that can be read; replace it or take it out.",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told(
    ask_for: Ask, crops: Path, tmp_path: Path, command: str, sentence: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    known = "left,right\nann/1.png,ann/2.png\nann/2.png,ann/9.png\n"
    (tmp_path / "unknown.csv").write_text(known)
    (tmp_path / "unnamed.csv").write_text("one,other\nann/1.png,ann/2.png\n")
    (tmp_path / "pairs.csv").write_text("left,right,label\n")
    (tmp_path / "splits.txt").write_text(
        "split number, first name, second name, similarity, is same, l_f, r_f\n"
        "1, ann/0, ann/1, 0.1, 1, 1, 1\n1, ann/0, bob/0, 0.1, 0, 1, 1\n"
    )
    (tmp_path / "broken").mkdir()
    for path in (tmp_path / "bad.png", tmp_path / "broken" / "1.png"):
        path.write_bytes(b"no picture")
    words = [word.format(crops=crops, tmp=tmp_path) for word in command.split()]
    before = {path: path.read_bytes() for path in tmp_path.glob("*.*") if path.is_file()}
    refused(ask_for(*words), sentence.format(crops=crops, tmp=tmp_path))
    assert before == {path: path.read_bytes() for path in tmp_path.glob("*.*") if path.is_file()}


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("people {crops}", BARE),
        ("matrix {crops}", BARE),
        ("flip {crops}/ann/1.png {crops}/bob/1.png", BARE),
        ("labels {crops}", BARE),
        (
            "score {crops} --filter fragile",
            "bare has no threshold, which fragile pairs need; give --threshold.",
        ),
        (
            "report {crops} --outcome FP -o r.html",
            "bare has no threshold; set one. (--threshold)",
        ),
    ],
)
def test_weights_without_a_threshold_are_told_where_one_is_needed(
    ask_for: Ask,
    crops: Path,
    bare_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word.format(crops=crops) for word in command.split()]
    refused(ask_for(*words, model=bare_weights), sentence)
    assert not (tmp_path / "r.html").exists()


def test_a_target_is_no_model(ask_for: Ask, crops: Path, tmp_path: Path) -> None:
    path, net = tmp_path / "face.safetensors", build_backbone("mobilefacenet-foamliu")
    save_weights(path, net, ModelCard("face", path, "", "target", "mobilefacenet-foamliu"))
    said = ask_for("score", crops, model=path)
    assert said.code == 1 and said.err == (
        f"xcos: {path} is a target model without grid features; give it as --target.\n"
    )


def test_a_folder_that_cannot_be_made_for_a_report(
    ask_for: Ask, crops: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    pairs = crops / "pairs.csv"
    names = [f"{name}/{k}.png" for name, count in COUNTS.items() for k in range(1, count + 1)]
    listed = [f"{a},{b},{int(a[:3] == b[:3])}" for a, b in permutations(names, 2)]
    pairs.write_text("\n".join(("left,right,label", *listed)))
    code, out, err = ask_for("evaluate", pairs, "-o", tmp_path / "file" / "report")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == (
        f"xcos: {tmp_path}/file/report cannot be made: Not a directory; name another."
    )


def test_where_no_edit_flips_nothing_is_written(ask_for: Ask, crops: Path, tmp_path: Path) -> None:
    path = tmp_path / "flip.png"
    photos = crops / "ann" / "1.png", crops / "bob" / "1.png"
    # No score is below -1.
    said = ask_for("flip", *photos, "--kind", "dark", "--threshold=-1", "-o", path)
    refused(said, f"No edit of these kinds flips the verdict, so {path} was not written.")
    assert not path.exists()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_video_s_faces_go_into_a_new_folder(
    ask_for: Ask, crops: Path, tmp_path: Path, what: str
) -> None:
    place = tmp_path / "place"
    if what == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "mine.txt").write_text("mine")
    said = ask_for("video", crops / "ann", "--as-gallery", place)
    refused(said, f"{place} is not empty; name a new folder.")


def test_an_edit_that_is_none_is_wrong_usage(ask_for: Ask, crops: Path) -> None:
    photos = crops / "ann" / "1.png", crops / "bob" / "1.png"
    code, out, err = ask_for("what-if", *photos, "--left", "paint:3")
    assert (code, out) == (2, "")
    assert "argument --left: " in err and "paint" in err and "Traceback" not in err


def test_an_empty_folder_takes_a_video_s_faces(ask_for: Ask, crops: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    assert ask_for("video", crops / "ann", "--as-gallery", place).code == 0
    assert len([*place.rglob("*.png")]) == 3


@pytest.mark.parametrize("name", ["score", "tag", "labels"])
def test_a_folder_s_photos_lie_nowhere_else(
    capsys: pytest.CaptureFixture[str], crops: Path, tmp_path: Path, name: str
) -> None:
    shared = ["--photos", "other", "--cache", str(tmp_path / "kept" / "c.sqlite")]
    assert (
        main([name, str(crops), *(["ann/1.png", "--add", "odd"] if name == "tag" else []), *shared])
        == 1
    )
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"xcos: {crops} is no CSV whose paths could be relative to other; leave that out. "
        "(--photos)"
    )
