"""Summary figures of labelled pairs by hand."""

import numpy as np
import pytest

from core.evaluation.insightface_bin import unpack_bin
from core.evaluation.metrics import judged, measure
from core.evaluation.verification import best_threshold


def test_each_fold_is_judged_by_the_others_threshold() -> None:
    scores = np.array([0.9, 0.2, 0.8, 0.3, 0.5, 0.6])
    same = np.array([True, False, True, False, True, False])
    folds = np.array([0, 0, 1, 1, 2, 2])
    right, thresholds = judged(scores, same, folds)
    for fold, threshold in enumerate(thresholds):
        others = folds != fold
        assert threshold == best_threshold(scores[others], same[others])[0]
    assert right.tolist()[:4] == [True] * 4
    # Fold 2 by a threshold between 0.3 and 0.8: both of its scores lie on one side, or on both wrong ones.
    assert right[4:].sum() in (0, 1)
    told = measure(scores, same, folds)
    accuracies = [right[folds == fold].mean() for fold in range(3)]
    assert told.accuracy == pytest.approx(np.mean(accuracies)) and told.std == pytest.approx(
        np.std(accuracies)
    )
    assert told.threshold == pytest.approx(np.mean(thresholds))
    assert told.auc == pytest.approx(8 / 9)  # of nine orders only 0.5 < 0.6 is wrong
    assert told.eer == pytest.approx(1 / 3)
    single = measure(scores, same, None)
    assert single.std == 0 and single.accuracy == pytest.approx(5 / 6)
    assert set(told.tar_at_far) == {"0.1", "0.01", "0.001", "0.0001"}
    assert {*told.tar_at_far.values()} == {None}


def test_tar_at_far_where_there_are_enough_impostors() -> None:
    impostor = np.arange(30) / 30
    genuine = np.array([0.5, 0.95, 0.89, 0.2])
    scores = np.concatenate([genuine, impostor])
    same = np.arange(34) < 4
    found = measure(scores.astype(np.float32), same, None).tar_at_far
    assert found["0.1"] == pytest.approx(2 / 4)  # three of thirty lie above 26/30
    assert found["0.01"] is None


def test_a_bin_s_pairs_lie_side_by_side_in_tenths(
    tmp_path: "pytest.TempPathFactory", monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [np.full((112, 112, 3), k, np.uint8) for k in range(46)]
    same = np.arange(23) % 3 == 0
    monkeypatch.setattr("core.evaluation.insightface_bin.read_bin", lambda _: (images, same))
    pairs = unpack_bin(tmp_path / "a.bin", tmp_path)  # type: ignore[operator, arg-type]
    assert pairs.left[3] == "000006.png" and pairs.right[3] == "000007.png"
    assert np.array_equal(pairs.same, same) and pairs.folds is not None
    assert pairs.folds.tolist() == [10 * k // 23 for k in range(23)]


@pytest.mark.parametrize("folds", [2, 1])
def test_two_folds_are_judged_by_each_other_and_one_by_itself(folds: int) -> None:
    scores = np.array([0.9, 0.2, 0.5, 0.4, 0.7, 0.1])
    same = np.array([True, False, True, False, True, False])
    number = np.arange(6) // 3 if folds == 2 else np.full(6, 7)
    right, thresholds = judged(scores, same, number)
    assert len(thresholds) == folds
    wanted = np.empty(6, bool)
    for threshold, fold in zip(thresholds, np.unique(number), strict=True):
        inside = number == fold
        others = ~inside if folds == 2 else inside
        assert threshold == best_threshold(scores[others], same[others])[0]
        wanted[inside] = (scores[inside] > threshold) == same[inside]
    np.testing.assert_array_equal(right, wanted)
