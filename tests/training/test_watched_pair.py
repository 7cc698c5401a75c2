"""The maps of the fixed validation pair, as they are made and as they are seen."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.model.attention_weights import read_head
from core.model.verifier import Verifier
from core.model.weights import load_xcos
from core.scoring.engine import PairEngine
from core.training.run import RunDirectory
from core.training.validation import Validation
from core.training.watch import RunView, look
from tests.training.test_kinds_of_run import with_validation
from tests.training.test_training import config_for


def test_a_watched_pair_s_maps_are_the_model_s_of_order_both(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    validation = Validation.of(with_validation(config_for(crops, tiny_weights, tmp_path), crops))
    assert validation is not None
    _, net = load_xcos(tiny_weights)
    found = validation.first_genuine(net, torch.device("cpu"))
    assert found is not None
    engine = PairEngine(read_head(tiny_weights), None)
    faces = engine.prepare(Verifier(tiny_weights, "cpu").features(found[0]).grid)
    s, w = engine.maps(faces, 0, faces, 1, "learned", "both")
    np.testing.assert_allclose(found[1], s, atol=1e-4)
    np.testing.assert_allclose(found[2], w, atol=1e-4)
    forward = engine.maps(faces, 0, faces, 1, "learned", "left-right")[1]
    assert np.abs(forward - w).max() > 0.01
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    run.keep_pair(7, *found)
    seen = look(tmp_path / "run").pair
    assert seen["step"] == 7 and np.array_equal(seen["crops"], found[0])
    assert np.array_equal(seen["cosine"], found[1]) and np.array_equal(seen["attention"], found[2])


def test_the_time_left_is_by_the_last_rows() -> None:
    log = {"step": np.arange(7.0), "seconds_per_step": np.array([90.0, 90, 2, 3, 9, 1, 2])}
    view = RunView(Path("r"), "running", "", 40, 100, log)
    assert view.seconds_left == pytest.approx(60 * 2)
    assert RunView(Path("r"), "finished", "", 40, 100, log).seconds_left is None
    assert RunView(Path("r"), "running", "", 40, 100).seconds_left is None
