"""Pairs that kinds of score save and lose, counted again pair by pair."""

import csv
import io
import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from core.analysis.score_kinds import Worth, attention_worth
from core.cli import main
from core.errors import XCosError
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.card import ModelCard
from core.model.features import FaceFeatures
from core.model.verifier import unit
from core.scoring.engine import PairEngine
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoringModel, score_gallery
from core.scoring.statistics import PairStatistics
from tests.weights import other_weights

THRESHOLDS = {"uniform": 0.02, "correlation": 0.01, "fc": 0.05}


def gallery(n: int = 24, target: bool = True) -> LoadedGallery:
    rng = np.random.default_rng(4)
    faces = tuple(Face(f"{i}.png", 1, "abcd"[i % 4] if i else None, None, str(i)) for i in range(n))
    people = rng.normal(size=(4, 32, 7, 7))
    grid = (0.2 * people[np.arange(n) % 4] + rng.normal(size=(n, 32, 7, 7))).astype(np.float32)
    embedding = unit(rng.normal(size=(n, 8)).astype(np.float32))
    teacher = unit(rng.normal(size=(n, 6)).astype(np.float32)) if target else None
    return LoadedGallery(
        Gallery(Path("g"), Path("g"), faces), FaceFeatures(grid, embedding, teacher)
    )


def worth_of(loaded: LoadedGallery, **options: object) -> tuple[Worth, ScoreMatrix]:
    correlation = np.zeros((7, 7))
    correlation[2:4] = 1 / 14
    card = ModelCard(
        "m", Path("m"), "", "xcos", "thin", thresholds=THRESHOLDS, correlation=correlation
    )
    engine = PairEngine(None, correlation)
    scored = score_gallery(ScoringModel(card, engine), loaded, kind="uniform")
    # Without a head there is no learned attention: these weights lack it.
    return attention_worth(scored, **options), scored.matrix  # type: ignore[arg-type]


@pytest.fixture
def found() -> Worth:
    return worth_of(gallery())[0]


def test_saved_and_lost_pairs_are_those_by_hand(found: Worth) -> None:
    loaded = gallery()
    faces = loaded.gallery.faces
    grid = loaded.features.grid / np.linalg.norm(loaded.features.grid, axis=1, keepdims=True)
    cells = np.einsum("ackl,bckl->abkl", grid, grid)
    assert loaded.features.embedding is not None and loaded.features.target is not None
    scores = {
        "uniform": cells.mean((2, 3)),
        "correlation": cells[:, :, 2:4].sum((2, 3)) / 14,
        "fc": loaded.features.embedding @ loaded.features.embedding.T,
        "target": loaded.features.target @ loaded.features.target.T,
    }
    assert [kind.kind for kind in found.kinds] == list(scores)
    limits = THRESHOLDS | {"target": found.of("target").threshold}
    right: dict[str, set] = {}
    for kind, values in scores.items():
        right[kind] = {
            (i, j)
            for i, j in combinations(range(1, 24), 2)  # face 0 is nobody known
            if (values[i, j] > limits[kind]) == (faces[i].identity == faces[j].identity)
        }
        counts = found.of(kind).counts  # type: ignore[arg-type]
        assert counts.tp + counts.tn == len(right[kind])
    for kind in ("correlation", "fc", "target"):
        exchange = found.exchange(kind, "uniform")  # type: ignore[arg-type]
        for saved, places in (
            (True, right[kind] - right["uniform"]),
            (False, right["uniform"] - right[kind]),
        ):
            listed = found.pairs(kind, "uniform", saved)  # type: ignore[arg-type]
            assert set(zip(listed.rows.tolist(), listed.columns.tolist(), strict=True)) == places
            assert (exchange.saved if saved else exchange.lost) == len(places)
        genuine = found.pairs(kind, "uniform", True, genuine=True)  # type: ignore[arg-type]
        assert len(genuine) == exchange.saved_genuine
        assert all(
            faces[i].identity == faces[j].identity
            for i, j in zip(genuine.rows, genuine.columns, strict=True)
        )
        net = exchange.lost - exchange.saved
        assert found.sentence("uniform", kind).endswith(  # type: ignore[arg-type]
            f"wrong in {exchange.saved:,} that it gets right: {net:+,} of 253 pairs.".replace(
                "-", "\N{MINUS SIGN}"
            )
        )


def test_thresholds_are_told(found: Worth) -> None:
    assert (found.of("fc").threshold, found.of("fc").origin) == (0.05, "the weights' own")
    target = found.of("target")
    assert target.origin == "equal error rate of this gallery"
    assert target.counts.far == pytest.approx(target.counts.frr, abs=0.04)
    at_eer, _ = worth_of(gallery(), thresholds="eer")
    assert all(kind.origin == "equal error rate of this gallery" for kind in at_eer.kinds)
    assert at_eer.of("fc").eer == pytest.approx(found.of("fc").eer)


def test_a_moved_threshold_is_as_computed_anew() -> None:
    first, matrix = worth_of(gallery())
    moved = first.moved(0.1, PairStatistics.of(matrix))
    again, _ = worth_of(gallery(), given=0.1)
    np.testing.assert_array_equal(moved.same, again.same)
    assert moved.kinds == again.kinds and moved.of("uniform").origin == "as set"
    back = moved.moved(first.of("uniform").threshold, PairStatistics.of(matrix))
    assert back.kinds == first.kinds and back.of("uniform").origin == "the weights' own"
    assert first.of("uniform").threshold == 0.02


def test_what_is_missing_is_told_with_the_way_out() -> None:
    found, _ = worth_of(gallery(target=False))
    with pytest.raises(XCosError, match=r"There is no target model; choose one\."):
        found.of("target")
    with pytest.raises(XCosError, match="no learned attention"):
        found.of("learned")
    loaded = gallery()
    headless = FaceFeatures(loaded.features.grid, None, loaded.features.target)
    found, _ = worth_of(LoadedGallery(loaded.gallery, headless))
    assert [kind.kind for kind in found.kinds] == ["uniform", "correlation", "target"]
    assert "no fully connected head" in found.missing["fc"]
    nobody = tuple(replace(face, identity=None) for face in loaded.gallery.faces)
    with pytest.raises(XCosError, match="No identities are known"):
        worth_of(LoadedGallery(replace(loaded.gallery, faces=nobody), loaded.features))


def test_the_commands_agree_with_score(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    scores = {}
    for kind in ("learned", "uniform"):
        assert main(["score", str(crops), "--attention", kind, *shared]) == 0
        rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
        scores[kind] = {(row["left"], row["right"]): row["outcome"] for row in rows}
    table = tmp_path / "changed.csv"
    assert main(["worth", str(crops), "--json", "-o", str(table), *shared]) == 0
    said = json.loads(capsys.readouterr().out)
    right = {
        kind: {pair for pair, outcome in found.items() if outcome in ("TP", "TN")}
        for kind, found in scores.items()
    }
    assert said["kinds"]["uniform"]["accuracy"] == len(right["uniform"]) / 15
    for kind, found in scores.items():
        told, outcomes = said["kinds"][kind], [*found.values()]
        assert told["counts"] == {o: outcomes.count(o) for o in ("TP", "FP", "FN", "TN")} | {
            "unknown": 0
        }
        assert told["tar"] == outcomes.count("TP") / 4 and told["far"] == outcomes.count("FP") / 11
        assert told["tar"] != told["far"]
    against = said["kinds"]["uniform"]["against"]
    saved = right["uniform"] - right["learned"]
    assert against["saved_genuine"] + against["saved_impostor"] == len(saved)
    listed = list(csv.DictReader(table.open()))
    assert {
        (row["left"], row["right"])
        for row in listed
        if row["kind"] == "uniform" and row["change"] == "saves"
    } == saved
    for kind in ("uniform", "correlation", "fc"):
        lines = [(row["change"], row["pair"]) for row in listed if row["kind"] == kind]
        found = said["kinds"][kind]["against"]
        for change in ("saves", "loses"):
            for sort in ("genuine", "impostor"):
                count = found[f"{'saved' if change == 'saves' else 'lost'}_{sort}"]
                assert lines.count((change, sort)) == count, (kind, change, sort)
        assert len(lines) == sum(found.values())
    assert "target" in said["missing"]

    other = other_weights(tmp_path / "other.safetensors")
    table = tmp_path / "differ.json"
    assert (
        main(["two-models", str(crops), "--other", str(other), "--json", "-o", str(table), *shared])
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert main(["score", str(crops), *shared[:1], "--model", str(other), *shared[3:]]) == 0
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    second = {(row["left"], row["right"]) for row in rows if row["outcome"] in ("TP", "TN")}
    only_a = right["learned"] - second
    assert sum(said["agreement"]["only_a_right"].values()) == len(only_a)
    assert said["a"]["accuracy"] - said["b"]["accuracy"] == pytest.approx(
        said["differences"][0]["difference"]
    )
    differ = json.loads(table.read_text())
    assert {(row["left"], row["right"]) for row in differ if row["only_right"] == "A"} == only_a


def test_the_commands_take_probes(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    shared += ["--probes", str(crops / "ann"), "--json"]
    other = other_weights(tmp_path / "other.safetensors")
    (tmp_path / "people" / "ann").mkdir(parents=True)
    (crops / "ann" / "2.png").rename(tmp_path / "people" / "ann" / "2.png")
    shared[-2] = str(tmp_path / "people")
    said = {}
    for given in (["worth"], ["two-models", "--other", str(other)], ["patterns"]):
        assert main([given[0], str(crops), *given[1:], *shared]) == 0
        said[given[0]] = json.loads(capsys.readouterr().out)
    counts = said["worth"]["kinds"]["learned"]["counts"]
    assert counts["TP"] + counts["FN"] == 2 and counts["FP"] + counts["TN"] == 3
    assert said["two-models"]["a"]["counts"] == counts
    assert said["patterns"]["of"]["total"] == 5


def test_the_commands_refuse_in_a_sentence(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    for given, sentence in (
        (["worth", "--against", "target"], "There is no target model"),
        (["worth", "-o", "x.png"], "must end in .csv or .json"),
        (["two-models", "--other", "nothing"], "There are no weights 'nothing'"),
        (["two-models", "--other", str(tiny_weights), "--at", "0.001"], "too few impostor pairs"),
    ):
        assert main([given[0], str(crops), *given[1:], *shared]) == 1
        assert sentence in capsys.readouterr().err
    for wrong in ("often", "0", "1", "nan"):
        with pytest.raises(SystemExit):
            main(["two-models", str(crops), "--other", "x", "--at", wrong, *shared])
        assert "neither set, nor own, nor eer" in capsys.readouterr().err
