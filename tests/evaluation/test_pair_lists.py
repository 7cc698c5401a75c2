"""Lists of pairs as people have them: read, or refused with the line; one sort of pairs alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import XCosError
from core.evaluation.metrics import measure
from core.evaluation.pair_lists import read_splits, truth
from core.evaluation.protocol import read_any_pairs, read_protocol
from core.evaluation.verification import read_lfw_pairs
from core.model.card import read_card

LFW = "1\t1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBob Ray\t3\n"


@pytest.mark.parametrize(
    "content",
    [
        LFW.encode(),
        LFW.encode("utf-8-sig"),
        LFW.encode("utf-16"),
        LFW.replace("\n", "\r\n").encode(),
        LFW.replace("\n", "\r").encode(),
        LFW.replace("\n", "\t\n").encode(),
        LFW.replace("\n", " \n").encode(),
        (LFW + "\n \n\t\n").encode(),
        ("# mine\n\n" + LFW).encode(),
        LFW.replace("3", "٣").encode(),
        LFW.replace("\t3", "\t0003").encode(),
        LFW.replace("\t2", "\t\u200b2\u200e").encode(),
        (LFW + "\x1a").encode(),
    ],
)
def test_lfw_lists_in_any_dress(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pairs.txt"
    path.write_bytes(content)
    found = read_lfw_pairs(path)
    assert found.left == ("Ann_Lee/Ann_Lee_0001",) * 2 and found.same.tolist() == [True, False]
    assert found.right == ("Ann_Lee/Ann_Lee_0002", "Bob Ray/Bob Ray_0003")


@pytest.mark.parametrize(
    "text, told",
    [
        ("1\nAnn\t1\t²\nAnn\t1\tBob\t2\n", "line 2: 'Ann.*²' is no pair"),
        ("²\n", "line 1: '²' is not how LFW's lists begin"),
        ("Ann\t1\t2\nAnn\t1\tBob\t2\n", "line 1: 'Ann"),
        (f"1\n{'a' * 9000}\n", "line 2: 'aaa"),
        (f"1\nAnn\t1\t{'9' * 9000}\n", "line 2"),
        ("2\nAnn\t1\t2\n", "has 1 pair, but its first line says 4"),
        ("\n\n", "has no pairs"),
        ("0\n", "has no pairs"),
    ],
)
def test_lfw_lists_that_do_not_fit_are_told_with_their_line(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    with pytest.raises(XCosError, match=rf"pairs\.txt.*{told}") as error:
        read_lfw_pairs(path)
    assert len(str(error.value)) < len(str(path)) + 250 and "\n" not in str(error.value)


def test_labels_in_the_forms_that_tables_have() -> None:
    for cell in ("1", "1.0", "1,0", "１", "+1", "TRUE", "Yes", "y", "same", "genuine"):
        assert truth(cell) is True, cell
    for cell in ("0", "0.0", "0,00", "-1", "false", "No", "n", "different", "impostor"):
        assert truth(cell) is False, cell
    for cell in ("", "2", "0.5", "²", "nan", "perhaps", "9" * 5000):
        assert truth(cell) is None, cell


def rows(number: int = 24) -> list[tuple[str, str, int]]:
    return [(f"a/{i}.jpg", f"b/{i}.jpg", i % 2) for i in range(number)]


@pytest.mark.parametrize(
    "head, row, label",
    [
        ("left,right,same", "{0},{1},{2}", "{0}"),
        ("", "{0},{1},{2}", "{0}.0"),
        ("label;photo1;photo2", "{2};{0};{1}", "{0},0"),
        (",left,right,score,same", "7,{0},{1},0.3,{2}", "{0}"),
        ("links,rechts,same", "{0},{1},{2}", "{0}"),
        ("links,rechts,split,same", "{0},{1},1,{2}", "{0}"),
        ("same,links,right", "{2},{0},{1}", "{0}"),
        ("# mine\nleft,right,same", "{0},{1},{2}", "{0}"),
        ("#mine\n# 2026\n# same,left,right", "{2},{0},{1}", "{0}"),
        ("links\trechts\tgleich", "{0}\t{1}\t{2}\t\t", "{0}"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_pairs_by_their_heads(
    tmp_path: Path, head: str, row: str, label: str, encoding: str
) -> None:
    path = tmp_path / "pairs.csv"
    lines = [row.format(a, b, label.format(same)) for a, b, same in rows()]
    path.write_text("\r\n".join([head, *lines, "", ""]), encoding=encoding)
    found = read_protocol(path, tmp_path)
    assert list(zip(found.left, found.right, found.same.astype(int), strict=True)) == rows()
    assert read_any_pairs(path, tmp_path).left == found.left


@pytest.mark.parametrize(
    "head", ["left,right,same,same", "left,right,Same, same", "links,rechts,same,same",
             "left,right,is_same,IS-SAME"]
)  # fmt: skip
def test_two_columns_of_one_head_that_differ_are_refused(tmp_path: Path, head: str) -> None:
    path = tmp_path / "pairs.csv"
    lines = [f"{a},{b},{same},{same}" for a, b, same in rows()]
    path.write_text("\n".join([head, *lines]))
    assert read_protocol(path, tmp_path).same.tolist() == [same == 1 for _, _, same in rows()]
    path.write_text("\n".join([head, *lines[:-1], "a/23.jpg,b/23.jpg,1,0"]))
    with pytest.raises(XCosError) as error:
        read_protocol(path, tmp_path)
    first = head.split(",")[2]
    assert str(error.value) == (
        f"{path}, line 1: columns 3 and 4 are both called '{first}', and differ; rename the one "
        "that is not meant."
    )


@pytest.mark.parametrize(
    "first", ["a/1.jpg,b/1.jpg,perhaps", "Ann/1,Ann/2,", "ann1,ann2,0.5", ",b/1.jpg,1"]
)
def test_a_first_row_that_is_data_is_told(tmp_path: Path, first: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join([first, *(f"{a},{b},{same}" for a, b, same in rows())]))
    with pytest.raises(XCosError, match=r"pairs\.csv, line 1: .* write left,right,same"):
        read_protocol(path, tmp_path)


def test_a_line_above_the_head_is_told_and_the_head_is_no_pair(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    lines = "\n".join(f"{a},{b},{same}" for a, b, same in rows())
    path.write_text(f"My pairs\nleft,right,same\n{lines}")
    for read in (read_protocol, read_any_pairs):
        with pytest.raises(XCosError) as error:
            read(path, tmp_path)
        assert str(error.value) == (
            f"{path}, line 1: 'My pairs' does not fit; write the head, left,right,same, first, or a "
            "# before a comment."
        )


def test_few_pairs_of_one_sort_need_no_folds(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("left,right,same\n" + "a.jpg,b.jpg,1\n" * 3)
    assert read_protocol(path, tmp_path).same.tolist() == [True] * 3
    for more, told in (
        ("a.jpg,c.jpg,0\n", "has 4 pairs; ten folds need 20"),
        (None, "has no pairs"),
    ):
        path.write_text(
            "left,right,same\n" + ("" if more is None else "a.jpg,b.jpg,1\n" * 3 + more)
        )
        with pytest.raises(XCosError, match=told):
            read_protocol(path, tmp_path)


def test_scores_without_labels_are_told(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("left,right,score\na.jpg,b.jpg,1\n")
    with pytest.raises(XCosError, match="line 1: there is no column same"):
        read_protocol(path, tmp_path)
    assert read_any_pairs(path, tmp_path).left == ("a.jpg",)


def test_a_head_of_splits_says_where_a_pair_is_called_genuine(tmp_path: Path) -> None:
    path = tmp_path / "splits.txt"
    path.write_text(
        "split, first, second, is same, mirrored\n1, A/1, B/2, 0, 1\n2, A/1, A/2, 1, 0\n"
    )
    assert read_splits(path).same.tolist() == [False, True]
    path.write_text("split, first, second, likeness, same\n1, A/1, B/2, 1, 0\n2, A/1, A/2, 0, 1\n")
    assert read_splits(path).same.tolist() == [False, True]
    path.write_text("1, A/1, B/2, 1, 0\n2, A/1, A/2, 0, 1\n")
    assert read_splits(path).same.tolist() == [False, True]


@pytest.mark.parametrize("bad", ["²,a,b,1", "1,a,b,perhaps", "1,a,b", "1,,b,1", "9999999999,a,b,1"])
def test_splits_are_told_by_line(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "splits.txt"
    path.write_text(f"split, first, second, same\n1, a/0, b/0, yes,,\n{bad}\n")
    with pytest.raises(XCosError, match=r"splits\.txt, line 3"):
        read_protocol(path, tmp_path)
    path.write_text(f"{bad}\n1, a/0, b/0, 1\n")
    with pytest.raises(XCosError, match=r"splits\.txt, line 1"):
        read_protocol(path, tmp_path)


def evaluated(
    folder: Path, lines: list[str], weights: Path, *more: str, photos: Path | None = None
) -> int:
    (folder / "pairs.csv").write_text("\n".join(["left,right,same", *lines]))
    options = ["--photos", str(photos or folder), "--aligned", "--model", str(weights)]
    options += ["--cache", str(folder / "c.sqlite"), *more]
    return main(["evaluate", str(folder / "pairs.csv"), *options])


def test_a_photo_that_is_not_there_is_told_with_its_line(
    crops: Path, tmp_path: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = ["ann\\1.png,ANN/2.PNG,1", "ann/1.png,bob/1.png,0"] * 10
    assert evaluated(tmp_path, good, tiny_weights, photos=crops) == 0
    bad = [*good, "ann/1.png,zoe/1.png,0", "zoe/2.png,ann/1.png,0"]
    assert evaluated(tmp_path, bad, tiny_weights, photos=crops) == 1
    told = capsys.readouterr().err
    assert "pairs.csv, line 22: The photo 'zoe/1.png' and 1 of the 5 others are not in" in told


@pytest.mark.parametrize("same", [True, False])
def test_one_sort_of_pairs_has_no_accuracy_but_what_can_be_said(
    crops: Path,
    tmp_path: Path,
    tiny_weights: Path,
    capsys: pytest.CaptureFixture[str],
    same: bool,
) -> None:
    row = "ann/1.png,ann/2.png,1" if same else "ann/1.png,bob/1.png,0"
    report = tmp_path / "report"
    more = ("-o", str(report), "--occlusion")
    assert evaluated(tmp_path, [row] * 20, tiny_weights, *more, photos=crops) == 0
    out, err = capsys.readouterr()
    there, missing = ("genuine", "impostor") if same else ("impostor", "genuine")
    assert f"has {there} pairs only" in err and f"Add {missing} pairs" in err
    assert "nan" not in out.lower() and "accuracy" not in out
    assert out.splitlines()[1].endswith("TAR %" if same else "FAR %")
    assert not (report / "roc.png").exists() and (report / "histograms.png").exists()
    said = json.loads((report / "results.json").read_text())
    found = said["results"]["learned"]
    assert [found[k] for k in ("accuracy", "std", "auc", "eer")] == [None] * 4
    own = read_card(tiny_weights).threshold("learned")
    assert own is not None and found["threshold"] == own
    assert found["accepted"] == float(found["mean_score"] > own)
    assert "NaN" not in (report / "results.json").read_text()


def test_one_sort_is_judged_by_the_weights_own_threshold() -> None:
    scores = np.array([0.1, 0.4, 0.6, 0.9])
    found = measure(scores, np.ones(4, bool), np.arange(4), 0.5)
    assert (found.accepted, found.mean_score, found.threshold) == (0.5, 0.5, 0.5)
    assert found.accuracy is None and set(found.tar_at_far.values()) == {None}
    assert measure(scores, np.zeros(4, bool), None).accepted is None


def test_a_single_fold_is_judged_by_itself() -> None:
    scores, same = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    found = measure(scores, same, np.zeros(4, np.int64))
    assert (found.accuracy, found.std) == (1, 0) and 0.2 <= (found.threshold or 0) < 0.8


def test_pairs_that_cannot_be_right_are_told_with_their_lines(
    tmp_path: Path, crops: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = crops / "odd.csv"
    lines = ["left,right,same", "ann/1.png,ann/2.png,1", "ann/1.png,bob/1.png,0",
             "ann/2.png,ann/1.png,0", "bob/1.png,bob/1.png,1", "ann/1.png,ann/2.png,0",
             "ann/1.png,bob/1.png,0"]  # fmt: skip
    lines += ["ann/1.png,ann/3.png,1", "ann/3.png,bob/1.png,0"] * 8
    path.write_text("\n".join(lines))
    options = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    assert main(["evaluate", str(path), *options]) == 0
    out, err = capsys.readouterr()
    assert "22 pairs" in out
    assert err.splitlines() == [
        f"xcos: problem: {path}, line 4: 'ann/2.png' and 'ann/1.png' are a pair that is impostor here "
        "and genuine in line 2, and count as both; take one line out.",
        f"xcos: problem: {path}, line 5: 'bob/1.png' is paired with itself; take that line out.",
    ]


def write_pairs(path: Path, head: str, more: str = "") -> None:
    """Twenty pairs of the same label and `more`, {} for the label and [] for its opposite."""
    lines = [f"{a},{b},{more.format(same, 1 - same)}" for a, b, same in rows()]
    path.write_text("\n".join([head, *lines]))


@pytest.mark.parametrize(
    "head, more",
    [
        ("probe,reference,male,is_match", "{1},{0}"),
        ("probe,reference,is_genuine", "{0}"),
        ("probe,reference,mated", "{0}"),
        ("img_a,img_b,y", "{0}"),
        ("left,right,target", "{0}"),
        ("left,right,sameIdentity", "{0}"),
        ("links,rechts,dieselbe Person", "{0}"),
        ("probe,reference,is_different", "{1}"),
        ("left,right,impostor", "{1}"),
        ("probe,reference,Non-Match", "{1}"),
        ("probe,reference,different,same", "{0},{0}"),
        ("source,target,matched", "{0}"),
    ],
)
def test_the_truth_is_a_column_whose_head_means_it(tmp_path: Path, head: str, more: str) -> None:
    path = tmp_path / "pairs.csv"
    write_pairs(path, head, more)
    truths = [same == 1 for _, _, same in rows()]
    assert read_protocol(path, tmp_path).same.tolist() == truths
    assert read_any_pairs(path, tmp_path).same.tolist() == truths


def test_words_for_sorts_of_pairs_say_the_same_under_any_head(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    for head in ("probe,reference,kind", "left,right,different", "left,right,sort"):
        lines = [f"{a},{b},{'genuine' if same else 'impostor'}" for a, b, same in rows()]
        path.write_text("\n".join([head, *lines]))
        assert read_protocol(path, tmp_path).same.tolist() == [same == 1 for _, _, same in rows()]


@pytest.mark.parametrize(
    "head", ["probe,reference,distance", "left,right,male", "links,rechts,score"]
)
def test_a_column_of_another_meaning_is_not_the_truth(tmp_path: Path, head: str) -> None:
    path = tmp_path / "pairs.csv"
    write_pairs(path, head, "{0}")
    with pytest.raises(XCosError) as error:
        read_protocol(path, tmp_path)
    named = ", ".join(f"'{cell}'" for cell in head.split(","))
    assert str(error.value) == (
        f"{path}, line 1: there is no column same among {named}, and none of that meaning; add it, 1 "
        "or 0 for each pair."
    )
    assert len(read_any_pairs(path, tmp_path).left) == 24


@pytest.mark.parametrize("head", ["left,right,same", "left,right,different", ""])
@pytest.mark.parametrize("cell", ["maybe", "NaN", "", "2"])
def test_a_label_that_is_none_is_told_where_labels_are_not_needed(
    tmp_path: Path, head: str, cell: str
) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(f"{head}\na.jpg,b.jpg,1\na.jpg,c.jpg,{cell}\n")
    with pytest.raises(XCosError, match=r"pairs\.csv, line 3: .* or leave that column out"):
        read_any_pairs(path, tmp_path)


def test_labels_may_be_missing_altogether(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("source,target\na.jpg,b.jpg\n")
    assert read_any_pairs(path, tmp_path).right == ("b.jpg",)
    for text in ("left,right,same\na.jpg,b.jpg,\n", "a.jpg,b.jpg,0.83\n", "a.jpg,b.jpg\n"):
        path.write_text(text)
        assert read_any_pairs(path, tmp_path).same.tolist() == [False]


@pytest.mark.parametrize("row", ["{0} {1} {2}", "{0}\t{1}\t{2}", "{0},{1},{2}", "{0}  {1}   {2} "])
@pytest.mark.parametrize("above", ["", "# mine\n", "left right same\n"])
def test_a_text_of_photos_a_line_is_a_list_of_pairs(tmp_path: Path, row: str, above: str) -> None:
    path = tmp_path / "lfw_test_pair.txt"
    head = row.format(*above.split()) + "\n" if above.startswith("left") else above
    path.write_text(head + "\n".join(row.format(*pair) for pair in rows()))
    for read in (read_protocol, read_any_pairs):
        found = read(path, tmp_path)
        assert list(zip(found.left, found.right, found.same.astype(int), strict=True)) == rows()
        assert found.lines[0] == 1 + bool(above)


def test_a_line_of_photos_with_blanks_within_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("a/1.jpg b/1.jpg 1\nAnn Lee/1.jpg b/1.jpg 0\n")
    with pytest.raises(
        XCosError, match=r"pairs\.txt, line 2: 'Ann.*' does not fit; write left right"
    ):
        read_protocol(path, tmp_path)


def test_pairs_as_r_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    lines = [f'"{n}","{a}","{b}",{same}' for n, (a, b, same) in enumerate(rows(), start=1)]
    path.write_text("\n".join(['"left","right","same"', *lines]))
    found = read_protocol(path, tmp_path)
    assert list(zip(found.left, found.right, found.same.astype(int), strict=True)) == rows()
