"""What a comparison draws and tabulates is what was computed, each face's map on its own face."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from core.explain.colours import overlay_rgba, table
from core.explain.explanation import PairExplanation
from core.explain.saliency.compare import Compared, Comparison
from core.explain.saliency.compare_figure import OPACITY, comparison_figure
from core.explain.saliency.compare_many import tabulate
from core.explain.saliency.curves import Curve, Curves
from core.explain.saliency.methods import SaliencyMap, Subject, cells_as_pixels, on_one_scale

METHODS = ("xcos", "occlusion")
CONTROLS = ("random", "shuffled-xcos", "shuffled-occlusion")


def comparison(seed: int) -> Comparison:
    rng = np.random.default_rng(seed)

    def compared(name: str) -> Compared:
        left, right = rng.normal(size=(2, 7, 7))
        shares = np.linspace(0, 1, 15)
        curves = Curves(*(Curve(shares, scores) for scores in rng.random((2, 15))))
        return Compared(SaliencyMap(name, left, right, rng.random(), 2), curves)

    pair = PairExplanation(
        "a", "b", "m", "learned", "both", rng.uniform(-1, 1, (7, 7)), np.full((7, 7), 1 / 49)
    )
    made = {name: compared(name) for name in (*METHODS, *CONTROLS)}
    return Comparison(
        pair, 0.2, {n: made[n] for n in METHODS}, {n: made[n] for n in CONTROLS}, "Some words."
    )


def test_a_figure_s_maps_and_curves_are_the_comparison_s() -> None:
    found = comparison(0)
    crops = np.random.default_rng(1).integers(0, 256, (2, 112, 112, 3)).astype(np.uint8)
    figure = comparison_figure(found, Subject(crops[0], crops[1], None))  # type: ignore[arg-type]
    top, bottom = figure.subfigs
    faces = np.array(top.axes).reshape(2, 3)
    for row, side in enumerate(("left", "right")):
        assert np.array_equal(faces[row, 0].images[0].get_array(), crops[row])
        assert faces[row, 0].get_title() == f"{side} face" and len(faces[row, 0].images) == 1
        for column, name in enumerate(METHODS, start=1):
            crop, overlay = faces[row, column].images
            assert np.array_equal(crop.get_array(), crops[row])
            values = cells_as_pixels(on_one_scale(getattr(found.methods[name].map, side)))
            wanted = overlay_rgba(values, table("diverging"), -1, 1, OPACITY)
            assert np.array_equal(overlay.get_array(), wanted)
    for plot, kind in zip(bottom.axes[:2], ("deletion", "insertion"), strict=True):
        every = {**found.methods, **found.controls}
        drawn = [line.get_ydata() for line in plot.lines]
        # Of the controls the random order and xCos's own with shuffled weights; the table has all.
        wanted = [getattr(every[n].curves, kind).scores for n in (*METHODS, *CONTROLS[:2])]
        assert len(drawn) == 4
        assert all(np.array_equal(a, b) for a, b in zip(drawn, wanted, strict=True))
        # Controls stand back: thinner, dashed, the random order grey.
        methods, controls = plot.lines[:2], plot.lines[2:]
        assert all(line.get_linestyle() == "-" for line in methods)
        assert all(line.get_linestyle() == "--" for line in controls)
        assert max(c.get_linewidth() for c in controls) < min(m.get_linewidth() for m in methods)
        assert [line.get_color() == "grey" for line in plot.lines] == [False, False, True, False]
        area = getattr(found.methods["xcos"].curves, kind).area
        good = {"deletion": "low", "insertion": "high"}[kind]
        assert plot.get_title() == f"{kind}: {good} is good, xCos's area {area:.3f}"
    told = [text.get_text() for text in bottom.axes[2].texts]
    assert told == [f"{value:.2f}" for value in found.ranks.ravel()]


def test_a_figure_of_many_methods_is_wide_enough_for_their_faces() -> None:
    made, names = comparison(2), ("xcos", "grad-cam", "grad-cam-target", "occlusion", "rise")
    crops = np.zeros((2, 112, 112, 3), np.uint8)
    for count, width in ((1, 11), (3, 11), (5, 6 * 2.3)):
        methods = dict.fromkeys(names[:count], made.methods["xcos"])
        found = replace(made, methods=methods)
        figure = comparison_figure(found, Subject(crops[0], crops[1], None))  # type: ignore[arg-type]
        assert figure.get_size_inches().tolist() == pytest.approx([width, 9])
        assert len(figure.subfigs[0].axes) == 2 * (count + 1)


def test_a_table_of_pairs_has_their_means() -> None:
    found = [comparison(seed) for seed in range(6)]
    text = tabulate(found).to_csv()
    assert "\r" not in text
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    assert [*rows] == [*METHODS, *CONTROLS]
    for name, row in rows.items():
        made = [{**c.methods, **c.controls}[name] for c in found]
        for kind in ("deletion", "insertion"):
            areas = [getattr(one.curves, kind).area for one in made]
            assert float(row[kind]) == pytest.approx(np.mean(areas))
            assert float(row[f"{kind}_low"]) <= np.mean(areas) <= float(row[f"{kind}_high"])
        assert float(row["seconds"]) == pytest.approx(np.mean([one.map.seconds for one in made]))
    ranks = [c.ranks[0, 1] for c in found]
    assert float(rows["occlusion"]["with_xcos"]) == pytest.approx(np.mean(ranks))
    assert float(rows["xcos"]["with_occlusion"]) == pytest.approx(np.mean(ranks))
