"""What every command prints and writes is as it was stored, word for word and number for number.

    UPDATE_OUTPUTS=1 uv run pytest tests/commands/test_outputs.py      after a change that is wanted

Read the difference of the stored texts before keeping it: it is what users will get.
"""

import csv
import math
import os
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from core.cli import main
from core.resources import resource_path
from tests.figures import figure_lines
from tests.living import PROBES, make_crops
from tests.stored import check_stored
from tests.weights import other_weights

FOLDER = Path(__file__).parent / "outputs"
UPDATE = bool(os.environ.get("UPDATE_OUTPUTS"))
COUNTS = {"ann": 4, "bob": 3, "cem": 2, "dan": 3, "eve": 2, "fay": 1}  # photos of each identity
COLUMNS = {"ann": ("f", 31), "bob": ("m", 44), "cem": ("m", 28), "dan": ("m", 63), "eve": ("f", 52)}
WORD = re.compile(r"^(PEOPLE|CROPS|PROBES|LIST|FEW|PAIRS|READINGS|OUT|OTHER)(?=/|$)")
NUMBER = re.compile(r"(?<![\w.])[-+\N{MINUS SIGN}]?\d[\d,]*(?:\.(\d+))?(?:e[-+]?\d+)?")
# Of a pattern, what stands for it.
MASKED = (
    (r"(?m)^(.{30,}? )\d+\.\d\d( +\d+ +0\.\d{3} )", r"\1TIME\2"),  # of a table's columns
    (r"(?m)\| \d+\.\d\d \|$", "| TIME |"),
    (r"\b(xCos Studio|Python|torch|numpy|lir) \d+\.[\w.+]*\w", r"\1 VERSION"),
    (r"\b[0-9a-f]{40,64}\b", "DIGEST"),
    (r'("\w*seconds\w*": )[\d.e-]+', r"\1TIME"),
    (r"\\n[\d.]+ (m?s|min)\b", r"\\nTIME"),  # in a title of several lines
    (r"\b\d+(\.\d+)? (m?s|min)\b", "TIME"),
    (r"\b20\d\d-\d\d-\d\d([T ][\d:.+]+)?", "DATE"),
    (r'"(version|python|torch|numpy|platform|cores|processor)": [^,}\n]*', r'"\1": IT'),
)
PAIR = "ann/2.png bob/1.png --photos CROPS"
COMMANDS = {
    "score": "score PEOPLE",
    "score-probes": "score PEOPLE --probes PROBES --order left-right --json",
    "score-hardest": "score PEOPLE --hardest 9 --which errors --json -o OUT/hardest.jsonl",
    "score-impostors": "score PEOPLE --hardest 7 --which impostors --attention uniform",
    "score-filter": "score PEOPLE --filter 'outcome = FN or (impostor and score > 0.3 and region(nose) > 10 %)'",
    "score-columns": "score PEOPLE --filter 'column(sex) = f and column(age) > 40' --json -o OUT/columns.csv",
    "matrix-people": "matrix PEOPLE --level people --sort similarity --json -o OUT/people.csv",
    "matrix-sex": "matrix PEOPLE --level column:sex --far errors -o OUT/sex.csv",
    "matrix-choose": "matrix PEOPLE --choose ann b* --json",
    "matrix-less": "matrix PEOPLE --less attention:uniform --json",
    "explain": f"explain {PAIR}",
    "explain-json": f"explain {PAIR} --order right-left --json -o OUT/pair.csv",
    "lr": f"lr {PAIR} --reference people.csv --prior 0.1 --cost 3",
    "lr-json": f"lr {PAIR} --reference people.csv --method isotonic --json",
    "what-if": f"what-if {PAIR} --left patch:20,24,40,40 --right turn:8",
    "what-if-json": f"what-if {PAIR} --left=shift:-2,3 --faithfulness --json",
    "flip": "flip ann/2.png ann/3.png --photos CROPS --kind shift",
    "flip-json": f"flip {PAIR} --kind dark --side right --json",
    "fragile": "fragile PEOPLE --json -o OUT/fragile.csv",
    "compare": "compare ann/1.png ann/2.png --photos CROPS --methods xcos occlusion",
    "compare-list": "compare FEW --methods xcos occlusion --no-controls",
    "patterns": "patterns PEOPLE --outcome FP --minus TN --groups 2 --threshold 0.3",
    "patterns-json": "patterns PEOPLE --identity ann --json",
    "worth": "worth PEOPLE --thresholds eer",
    "worth-json": "worth PEOPLE --against uniform --json -o OUT/worth.csv",
    "two-models": "two-models PEOPLE --other OTHER",
    "two-models-json": "two-models PEOPLE --other OTHER --at eer --json -o OUT/changed.csv",
    "people": "people PEOPLE",
    "people-json": "people PEOPLE --probes PROBES --impostor highest --json -o OUT/people.csv",
    "conditions": "conditions PEOPLE --by sharpness",
    "conditions-json": "conditions PEOPLE --by contrast --ranges 40,60 --json -o OUT/conditions.csv",
    "slices-json": "slices PEOPLE --json -o OUT/slices.csv",
    "groups": "groups PEOPLE --by sex",
    "groups-json": "groups PEOPLE --by sex --json -o OUT/groups.csv",
    "threshold": "threshold PEOPLE",
    "threshold-json": "threshold PEOPLE --json",
    "identify": "identify PEOPLE --probes PROBES --why ann/5.png",
    "identify-json": "identify PEOPLE --fusion best --json -o OUT/who.csv",
    "labels": "labels PEOPLE --with PROBES",
    "labels-json": "labels PEOPLE --json -o OUT/findings.csv",
    "tag": "tag CROPS ann/1.png bob/2.png --add odd --note 'seen twice'",
    "tag-list": "tag PEOPLE --list --json",
    "score-tag": "score PEOPLE --filter 'tag = blurred'",
    "groups-tag": "groups PEOPLE --by blurred --json",
    "report": "report PEOPLE --outcome FN -o OUT/report.csv --json",
    "report-record": "report PEOPLE --by sex --record --json -o OUT/pairs.csv",
    "readers": "readers PEOPLE",
    "readers-json": "readers PEOPLE --json -o OUT/readings.csv",
    "evaluate": "evaluate LIST",
    "evaluate-json": "evaluate CROPS --occlusion -o OUT --json",
    "explain-uniform": f"explain {PAIR} --attention uniform --threshold 0.2 --json",
    "score-target": "score CROPS --target OTHER",
    "worth-target": "worth CROPS --target OTHER --against target --json",
    "report-pair": "report PEOPLE --pair crops/ann/2.png crops/cem/1.png --anonymous -o OUT/pair.csv",
    "identify-mean": "identify PEOPLE --probes PROBES --fusion mean --threshold 0.5 --json",
    "lr-shipped": f"lr {PAIR} --reference people.csv --method kde --attention correlation --order left-right",
    "people-uniform": "people PEOPLE --attention uniform --threshold 0.3 --json",
    "slices": "slices PEOPLE --threshold 0.33",
    "patterns-groups": "patterns PEOPLE --groups --threshold 0.33 --minus TN tag=blurred --json",
    "explain-picture": f"explain {PAIR} -o OUT/pair.png",
    "lr-picture": f"lr {PAIR} --reference people.csv -o OUT/curves.png",
    "matrix-picture": "matrix PEOPLE --sort hardness -o OUT/matrix.png",
    "matrix-outcomes": "matrix PEOPLE --probes PROBES --outcomes --dark --far worst -o OUT/matrix.png",
    "matrix-level": "matrix PEOPLE --level people --sort similarity -o OUT/people.png",
    "what-if-picture": f"what-if {PAIR} --right mirror -o OUT/edited.png",
    "patterns-picture": "patterns PEOPLE --outcome FN --minus TP --groups 2 -o OUT/patterns.png",
    "patterns-pairs": "patterns PEOPLE --probes PROBES --pairs PAIRS --json",
    "report-pdf": "report PEOPLE --outcome FN -o OUT/report.pdf",
    "flip-picture": "flip ann/2.png ann/3.png --photos CROPS --kind turn -o OUT/flip.png",
    "models": "models --json",
    "video": "video CROPS/dan",
    "video-json": "video CROPS/ann CROPS/bob/1.png --json -o OUT/scores.csv",
    "video-plot": "video CROPS/ann CROPS/dan/2.png --order left-right --attention uniform --threshold 0.2 -o OUT/plot.png",
    "video-every": "video CROPS/ann --every 2 --json -o OUT/seen.csv",
    "score-genuine": "score PEOPLE --hardest 6 --which genuine --json -o OUT/genuine.csv",
    "score-errors": "score PEOPLE --probes PROBES --hardest 8 --which errors --order right-left --json -o OUT/errors.csv",
    "score-correlation": "score PEOPLE --attention correlation --json",
    "score-lowest": "score PEOPLE --probes PROBES --filter 'outcome = FP or score < 0.2' --json -o OUT/some.jsonl",
    "matrix-probes": "matrix PEOPLE --probes PROBES --level people --sort hardness --sort-columns similarity --far worst --json -o OUT/people.csv",
    "matrix-order": "matrix PEOPLE --less order:left-right --json -o OUT/less.png",
    "matrix-chosen": "matrix PEOPLE --probes PROBES --choose dan a* --json",
    "explain-correlation": "explain dan/2.png ann/1.png --photos CROPS --attention correlation --json -o OUT/pair.json",
    "explain-target": f"explain {PAIR} --target OTHER",
    "lr-kde": f"lr {PAIR} --reference people.csv --method kde --prior 0.3 --cost 0.5 --json",
    "what-if-swap": f"what-if {PAIR} --left blur:3,20,30,40,50 --left scarf --right sunglasses --right dark:0.5,10,10,60,40 --swap --json",
    "what-if-mask": f"what-if {PAIR} --left mask:12,20,20,60,70,90,30 --right scale:1.1 --attention uniform -o OUT/edited.json",
    "flip-left": f"flip {PAIR} --kind scale --side left --json",
    "fragile-probes": "fragile PEOPLE --probes PROBES --threshold 0.3 --attention uniform",
    "compare-picture": f"compare {PAIR} --methods xcos occlusion grad-cam --no-controls -o OUT/methods.png",
    "worth-probes": "worth PEOPLE --probes PROBES --against correlation --thresholds eer --json -o OUT/worth.csv",
    "two-models-probes": "two-models PEOPLE --probes PROBES --other OTHER --json",
    "people-probes": "people PEOPLE --probes PROBES --threshold 0.35",
    "conditions-probes": "conditions PEOPLE --probes PROBES --by sharpness",
    "conditions-unlike": "conditions PEOPLE --by unlike --json",
    "slices-probes": "slices PEOPLE --probes PROBES --json -o OUT/slices.csv",
    "groups-age": "groups PEOPLE --by age --json",
    "groups-probes": "groups PEOPLE --probes PROBES --by blurred",
    "identify-why": "identify PEOPLE --fusion features --why crops/ann/2.png --json",
    "labels-uniform": "labels PEOPLE --threshold 0.25 --attention uniform -o OUT/findings.csv",
    "report-hardest": "report PEOPLE --probes PROBES --hardest 4 --pictures none --title Two --cells -o OUT/report.csv --json",
    "report-filter": "report PEOPLE --filter 'impostor and score > 0.35' --pairs 3 -o OUT/report.csv",
    "evaluate-one-sided": "evaluate LIST --order left-right -o OUT --json",
    "report-page": "report PEOPLE --outcome FN --pairs 2 --record --by sex -o OUT/report.html",
    "report-pages": "report PEOPLE --probes PROBES --hardest 1 --pictures blurred -o OUT/report.html",
    "explain-page": f"explain {PAIR} -o OUT/pair.html",
    "models-file": "models OTHER",
    "models-backbones": "models --backbones",
    "fragile-probes-json": "fragile PEOPLE --probes PROBES --order right-left --json -o OUT/fragile.csv",
    "matrix-sharpness": "matrix PEOPLE --probes PROBES --sort condition:sharpness --sort-columns name --json",
    "matrix-contrast": "matrix PEOPLE --probes PROBES --sort-columns condition:contrast --json",
    "conditions-probes-json": "conditions PEOPLE --probes PROBES --by contrast --json -o OUT/conditions.csv",
    "groups-probes-json": "groups PEOPLE --probes PROBES --by blurred --json -o OUT/groups.csv",
    "patterns-probes": "patterns PEOPLE --probes PROBES --outcome FP --minus TN --json",
    "worth-probes-table": "worth PEOPLE --probes PROBES --thresholds eer",
    "two-models-probes-table": "two-models PEOPLE --probes PROBES --other OTHER --at eer -o OUT/changed.csv",
    "identify-probes-best": "identify PEOPLE --probes PROBES --fusion best -o OUT/who.csv",
    "people-lowest": "people PEOPLE --probes PROBES --order left-right --json -o OUT/people.csv",
    "slices-probes-table": "slices PEOPLE --probes PROBES",
    "labels-with-json": "labels PEOPLE --with PROBES --json -o OUT/findings.csv",
}  # fmt: skip
BARE = ("models",)  # takes no faces
SETUP = (
    "tag PEOPLE crops/ann/1.png crops/bob/2.png crops/dan/3.png --add blurred",
    "tag PEOPLE --pair crops/ann/2.png crops/bob/1.png --add twins --note 'ask Ann'",
    "readers PEOPLE --import READINGS",
)


@pytest.fixture(scope="module")
def places(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders and files by the words that stand for them."""
    folder = tmp_path_factory.mktemp("outputs")
    crops = make_crops(folder / "crops", COUNTS)
    names = [f"{name}/{k}.png" for name, count in COUNTS.items() for k in range(1, count + 1)]
    faces = [(f"crops/{name}", name[:3], *COLUMNS.get(name[:3], ("", ""))) for name in names]
    _write(folder / "people.csv", ("path", "identity", "sex", "age"), faces)
    every = [(one, other, int(one[:3] == other[:3])) for one, other in combinations(names, 2)]
    genuine, impostor = ([pair for pair in every if pair[2] == same] for same in (1, 0))
    listed = [pair for both in zip(genuine, impostor[4::7], strict=False) for pair in both][:22]
    pairs = listed[4:14:2] + listed[5:15:2]
    _write(crops / "list.csv", ("left", "right", "label"), listed)
    _write(crops / "few.csv", ("left", "right", "label"), listed[:4])
    crossed = [("ann/5.png", "crops/bob/1.png"), ("dan/6.png", "crops/dan/2.png")]
    _write(folder / "pairs.csv", ("left", "right"), crossed)
    ratings = [
        (name, f"crops/{one}", f"crops/{other}", min(3, max(-3, usual + (0, -4, 1, 0, 3)[(row * k) % 5])))
        for k, name in enumerate(("kim", "lou", "max"), 1)
        for row, (one, other, same) in enumerate(pairs)
        if (usual := 2 if same else -2) and row + k < 11
    ]  # fmt: skip
    _write(folder / "readings.csv", ("reader", "left", "right", "rating"), ratings)
    (folder / "out").mkdir()
    words = {
        "PEOPLE": str(folder / "people.csv"),
        "CROPS": str(crops),
        "PROBES": str(make_crops(folder / "probes", PROBES | {"eve": 1}, first=5)),
        "LIST": str(crops / "list.csv"),
        "FEW": str(crops / "few.csv"),
        "PAIRS": str(folder / "pairs.csv"),
        "READINGS": str(folder / "readings.csv"),
        "OUT": str(folder / "out"),
        "OTHER": str(other_weights(folder / "other.safetensors")),
        "WEIGHTS": str(tiny_weights),
        "CACHE": str(folder / "cache" / "c.sqlite"),
        "FOLDER": str(folder),
    }
    for line in SETUP:
        assert main(arguments(line, words)) == 0
    return words


def arguments(line: str, places: dict[str, str]) -> list[str]:
    """What a command is called with: its words, quotes holding some together, and where it works."""
    words = [quoted or word for quoted, word in re.findall(r"'([^']*)'|(\S+)", line)]
    given = [WORD.sub(lambda m: places[m[0]], word) for word in words]
    if words[0] in BARE:
        return given
    given += ["--cache", places["CACHE"]]
    if words[0] == "tag":
        return given
    return [*given, "--aligned", "--model", places["WEIGHTS"], "--device", "cpu"]


def _write(path: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])


def picture_lines(path: Path) -> list[str]:
    """A picture's size, and the mean colour of each of its 8 x 8 parts."""
    picture = Image.open(path).convert("RGB")
    small = np.asarray(picture.resize((8, 8), Image.Resampling.BOX), float)
    rows = [" ".join("/".join(f"{c / 255:.2f}" for c in cell) for cell in row) for row in small]
    return [f"{picture.size}", *rows]


def page_lines(path: Path) -> list[str]:
    """What one reads on a page, and what stands for its pictures."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"(?s)<(style|script|metadata)\b.*?</\1>", "", text)
    text = re.sub(r'(?s)<[^>]*?\b(?:alt|title)="([^"]*)"[^>]*>', r"\n[\1]\n", text)
    words = (line.strip() for line in re.sub(r"<[^>]+>", "\n", text).splitlines())
    return [line for line in words if line]


def masked(text: str, places: dict[str, str]) -> str:
    known = places | {"ROOT": str(resource_path().parent)}
    for word, place in sorted(known.items(), key=lambda item: -len(item[1])):
        text = text.replace(place, word)
    for pattern, said in MASKED:
        text = re.sub(pattern, said, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def alike(one: str, other: str) -> bool:
    """Whether lines are the same, but for the last digits of numbers that were computed."""
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    for mine, stored in zip(NUMBER.finditer(one), NUMBER.finditer(other), strict=True):
        digits = len(mine[1] or "")
        a, b = (float(m[0].replace(",", "").replace("\N{MINUS SIGN}", "-")) for m in (mine, stored))
        apart = max(1.5 * 10.0**-digits, 1e-4 * abs(b)) if digits else 0.0
        if len(stored[1] or "") != digits and min(digits, len(stored[1] or "")) < 5:
            return False  # what is rounded is rounded alike
        if not math.isclose(
            a, b, rel_tol=0, abs_tol=apart if digits < 5 else max(2e-4 * abs(b), 2e-5)
        ):
            return False
    return True


def test_lines_are_alike_but_for_rounding() -> None:
    assert alike('"score": 0.41563218, 12', '"score": 0.4156324, 12')
    assert alike("score 0.416", "score 0.417") and alike("1,234 of 5", "1,234 of 5")
    assert not alike('"score": 0.41563218', '"score": 0.4159')
    assert not alike("score 0.416", "score 0.418") and not alike("12 pairs", "13 pairs")
    assert not alike("score 0.416", "score -0.416") and not alike("TP 3", "FP 3")


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_gives_is_as_stored(
    name: str, places: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.chdir(places["FOLDER"])
    monkeypatch.setenv("COLUMNS", "100")
    out = Path(places["OUT"])
    for old in out.iterdir():
        old.unlink()
    drawn: list[str] = []
    save = Figure.savefig

    def savefig(figure: Figure, *given: object, **options: object) -> None:
        save(figure, *given, **options)
        drawn.extend(figure_lines(figure))

    monkeypatch.setattr(Figure, "savefig", savefig)
    code = main(arguments(COMMANDS[name], places))
    captured = capsys.readouterr()
    parts = [f"$ {COMMANDS[name]}", f"exit {code}", captured.out, "errors:", captured.err]
    for path in sorted(out.iterdir()):
        if path.suffix in (".csv", ".json", ".jsonl"):
            parts += [f"file {path.name}:", path.read_text(encoding="utf-8")]
        elif path.suffix == ".html":
            parts += [f"page {path.name}:", *page_lines(path)]
        elif path.suffix == ".png" and not drawn:
            parts += [f"picture {path.name}:", *picture_lines(path)]
    parts += drawn
    told = masked("\n".join(parts), places)
    check_stored(told, FOLDER / f"{name}.txt", UPDATE, alike)
