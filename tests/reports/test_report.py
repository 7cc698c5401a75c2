"""Reports say what was scored, hide what is to be hidden, and leave nothing half written."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.cli import main
from core.reports.rows import strongest


def report(crops: Path, weights: Path, output: Path, *more: str) -> int:
    return main(
        ["report", str(crops), "--aligned", "--model", str(weights), "-o", str(output), *more]
    )


class Strict(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        self.loaded += [
            value or ""
            for name, value in attributes
            if name in ("src", "href", "action", "data") and not (value or "").startswith("#")
        ]


def test_a_page_loads_nothing_and_its_counts_are_those_of_score(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "r.html"
    assert report(crops, tiny_weights, page, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert main(["score", str(crops), "--aligned", "--model", str(tiny_weights), "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    assert said["counts"] == scored["counts"] and said["pairs"] == scored["pairs"] == 15
    parser = Strict()
    parser.feed(page.read_text(encoding="utf-8"))
    assert all(value.startswith("data:image/") for value in parser.loaded) and parser.loaded
    assert not re.search(r"https?://(?!www\.w3\.org)", page.read_text(encoding="utf-8"))


def test_a_table_has_the_scores_of_score_and_cells_that_sum_to_them(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    table, scores = tmp_path / "r.csv", tmp_path / "s.csv"
    assert report(crops, tiny_weights, table, "--cells") == 0
    arguments = ["score", str(crops), "--aligned", "--model", str(tiny_weights)]
    assert main([*arguments, "-o", str(scores)]) == 0
    with scores.open(newline="") as file:
        known = {(row["left"], row["right"]): row for row in csv.DictReader(file)}
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(known) == 15
    for row in rows:
        same = known[row["left"], row["right"]]
        assert float(row["score"]) == pytest.approx(float(same["score"]), abs=1e-5)
        assert row["outcome"] == same["outcome"]
        cells = [(y, x) for y in range(7) for x in range(7)]
        total = sum(float(row[f"S_{y}_{x}"]) * float(row[f"W_{y}_{x}"]) for y, x in cells)
        assert total == pytest.approx(float(row["score"]), abs=1e-5)
        evidence = sum(float(v) for name, v in row.items() if name.startswith("evidence "))
        assert evidence == pytest.approx(total - float(row["threshold"]), abs=1e-5)


def test_blurred_faces_cannot_be_told_and_names_are_numbers(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    plain, shared = tmp_path / "plain.html", tmp_path / "shared.html"
    assert report(crops, tiny_weights, plain) == 0
    options = ("--pictures", "blurred", "--anonymous")
    assert report(crops, tiny_weights, shared, *options) == 0
    faces = [
        set(re.findall(r"data:image/jpeg;base64,[^\"]+", page.read_text()))
        for page in (plain, shared)
    ]
    assert len(faces[0]) == len(faces[1]) == 6 and not faces[0] & faces[1]
    text = shared.read_text()
    assert "person 1, photo 2" in text and "crops" not in text and "bob" not in text


def test_a_selection_by_filter_and_one_pair(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.csv"
    assert report(crops, tiny_weights, path, "--filter", "genuine", "--json") == 0
    assert json.loads(capsys.readouterr().out)["pairs"] == 4
    with path.open(newline="") as file:
        assert all(r["left_identity"] == r["right_identity"] for r in csv.DictReader(file))
    assert report(crops, tiny_weights, path, "--pair", "ann/1.png", "bob/2.png", "--json") == 0
    assert json.loads(capsys.readouterr().out)["pairs"] == 1
    page = tmp_path / "two.html"  # a gallery of one pair, called as its folder
    assert report(crops / "bob", tiny_weights, page) == 0
    assert "<title>bob</title>" in page.read_text(encoding="utf-8")
    assert report(crops / "bob", tiny_weights, page, "--title", "A & B") == 0
    assert "<title>A &amp; B</title>" in page.read_text(encoding="utf-8")
    assert "1 pair; 0 photos gave no face" in capsys.readouterr().err
    (crops / "bob" / "bad.png").write_bytes(b"no picture")
    assert report(crops / "bob", tiny_weights, page) == 0
    assert "; 1 photo gave no face" in capsys.readouterr().err
    assert report(crops / "cem", tiny_weights, tmp_path / "none.html") == 1
    assert not (tmp_path / "none.html").exists()
    page = tmp_path / "hardest.html"
    assert report(crops, tiny_weights, page, "--hardest", "3") == 0
    assert "Shown are the hardest pairs: 3 pairs." in page.read_text(encoding="utf-8")
    capsys.readouterr()
    assert report(crops, tiny_weights, path, "--pair", "ann/1.png", "nobody.png") == 1
    assert "nobody.png is no face" in capsys.readouterr().err


@pytest.mark.parametrize(
    "chosen", [("--filter", "score > 0.3"), ("--outcome", "FP"), ("--hardest", "7")]
)
def test_counts_are_of_all_chosen_pairs_however_few_are_shown(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    chosen: tuple[str, str],
) -> None:  # fmt: skip
    every = tmp_path / "every.csv"
    more = (*chosen, "--json", "--threshold", "0.2")
    assert report(crops, tiny_weights, every, *more) == 0
    capsys.readouterr()
    assert report(crops, tiny_weights, tmp_path / "few.csv", *more, "--pairs", "2") == 0
    few = json.loads(capsys.readouterr().out)
    counts = dict.fromkeys(("TP", "FP", "FN", "TN", "unknown"), 0)
    with every.open(newline="") as file:
        for row in csv.DictReader(file):
            same = float(row["score"]) > 0.2
            genuine = row["left_identity"] == row["right_identity"]
            counts[("TN", "FP", "FN", "TP")[2 * genuine + same]] += 1
    assert few["shown"] == 2 < few["pairs"] == sum(counts.values())
    assert few["counts"] == counts


def test_a_pdf_is_drawn_without_a_window(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.pdf"
    assert report(crops, tiny_weights, path, "--pairs", "3", "--title", "A $ and 山") == 0
    content = path.read_bytes()
    assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b", content)) == 5  # summary, two plots, table, maps


def test_what_cannot_be_written_is_told_before_work_and_leaves_nothing(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.html"
    kept.write_text("earlier")
    for path, words in (
        (tmp_path / "none" / "r.html", "cannot be written"),
        (tmp_path, "must end in one of"),
        (tmp_path / "r.doc", "must end in one of"),
    ):
        assert report(crops, tiny_weights, path) == 1
        assert words in capsys.readouterr().err
    assert report(crops, tiny_weights, kept, "--outcome", "unknown") == 1
    assert "no pair to report" in capsys.readouterr().err and kept.read_text() == "earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["crops", "kept.html", "user"])


def test_an_anonymous_report_does_not_name_people_by_its_filter(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    path = tmp_path / "r.html"
    options = ("--anonymous", "--pictures", "none", "--filter", 'identity = "ann"')
    assert report(crops, tiny_weights, path, *options) == 0
    text = path.read_text(encoding="utf-8")
    assert "pairs that pass a filter" in text and not re.search(r"\bann\b", text)


@pytest.mark.parametrize("form", [".html", ".pdf", ".csv"])
def test_a_full_disk_is_one_sentence_and_the_earlier_report_stays(
    crops: Path,
    tiny_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    resource = pytest.importorskip("resource", reason="this system has no limit of a file's size")
    import signal

    from core.commands import report as command

    path = tmp_path / f"r{form}"
    path.write_text("earlier")
    real = command.write_report

    def on_a_full_disk(*arguments: object, **named: object) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
        try:
            real(*arguments, **named)  # type: ignore[arg-type]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, kept)

    monkeypatch.setattr(command, "write_report", on_a_full_disk)
    assert report(crops, tiny_weights, path) == 1
    told = capsys.readouterr().err
    assert "cannot be written" in told and "should not" not in told
    assert path.read_text() == "earlier" and not list(tmp_path.glob("*.part"))


def test_the_strongest_regions_are_named_only_where_they_speak() -> None:
    def told(**evidence: float) -> tuple[str, str]:
        return strongest(SimpleNamespace(region_evidence=evidence))  # type: ignore[arg-type]

    assert told(nose=0.1, mouth=-0.2, chin=0.3) == ("chin", "mouth")
    assert told(nose=0.1, mouth=0.0) == ("nose", "") and told(nose=-0.1, mouth=0.0) == ("", "nose")
    assert told() == ("", "")


def test_the_same_content_gives_the_same_bytes_and_can_be_checked(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from hashlib import sha256

    from core.project.edits import pair_subject
    from core.project.project import Project
    from core.project.readings import Reading

    time = "2026-01-02T03:04:05+00:00"
    project = Project.open(crops, tmp_path / "cache")
    project.decide(pair_subject("ann/1.png", "bob/1.png"), "reject")
    project.read_pair(Reading("Eve", "ann/1.png", "bob/1.png", -2, time, {"nose": "unlike"}))
    common = [str(crops), "--aligned", "--model", str(tiny_weights), "--device", "cpu", "--record"]
    common += ["--cache", str(tmp_path / "cache" / "cache.sqlite")]
    written = []
    for turn in ("one", "two"):
        paths = [tmp_path / f"{turn}{suffix}" for suffix in (".html", ".pdf")]
        outputs = [part for path in paths for part in ("-o", str(path))]
        by = ["--by", "sharpness", "--by", "sex"]
        assert main(["report", *common, *outputs, *by, "--json"]) == 0
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    said = json.loads(capsys.readouterr().out.split("}\n{")[-1].join(["{", ""]))["record"]
    about = dict(said["about"])
    assert sha256(tiny_weights.read_bytes()).hexdigest() in about["Weights"]
    assert "the weights' own for learned attention" in about["Threshold"]
    assert about["Reference of likelihood ratios"].startswith("none; No reference ships with tiny")
    lines = next(lines for lines in said["pairs"] if any("Eve" in line for line in lines))
    photo = sha256((crops / "ann" / "1.png").read_bytes()).hexdigest()
    assert lines[0].startswith(f"left: ann/1.png, SHA-256 of the photo {photo}; sharpness ")
    assert "decision: reject" in lines
    assert lines[-1] == f"read by Eve at {time}: -2, likely different (nose unlike)"
    assert about["Whether the threshold holds"].startswith("Not told: 6 faces are too few")
    assert (
        "people, by the mean of the features of each person's photos. Rank 1: "
        in about["Identification"]
    )
    assert about["Readers"].startswith("Eve: 1 pair, 100.0 % of 1 right")
    assert about["Where the model does worst"].startswith("No slice has more errors")
    ranges = about["By sharpness"]
    assert ranges.count("FMR ") == ranges.count(" FNMR ") >= 2
    assert about["By sex"].startswith("Not told: ") and "no column 'sex'" in about["By sex"]
    page = written[0][0].decode()
    assert "What this report stands on" in page and photo in page and "read by Eve" in page
    table = tmp_path / "a.csv"
    assert main(["report", *common, "-o", str(table)]) == 1
    assert "is a table, which holds no record; write a .html or .pdf too" in capsys.readouterr().err
    assert not table.exists()
    assert main(["report", *common, "-o", str(table), "-o", str(tmp_path / "a.html")]) == 0
    assert main(["report", *common, "-o", str(table), "--json"]) == 0  # prints the record itself
    assert json.loads(capsys.readouterr().out.split("a.html\n")[-1])["record"]["about"]
    assert main(["report", *common, "-o", str(tmp_path / "a.html"), "--anonymous"]) == 1
    assert "cannot be without names" in capsys.readouterr().err
    assert main(["report", *common, "-o", str(tmp_path / "b.html"), "--threshold", "0.3"]) == 0
    assert (
        "0.300000, set by the user; the weights&#39; own: 0.46" in (tmp_path / "b.html").read_text()
    )
