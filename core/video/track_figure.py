"""The score of tracks against a photo over time, drawn by matplotlib without a window."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from core.explain.drawing import new_figure
from core.faces.photo_files import readable
from core.video.track_scores import TrackScores

LEGEND = 12  # tracks named beside the plot at most


def track_figure(
    scores: Sequence[TrackScores], photo: str, threshold: float | None, caption: str
) -> Figure:
    """A dotted line a track, and as a thin one the score of its mean features so far."""
    figure = new_figure((9, 4.6), layout="constrained")
    axes = figure.subplots()
    for number, scored in enumerate(scores):
        times, colour = scored.track.times, f"C{number % 10}"
        label = f"{scored.track.name}: {scored.score:z.3f}" if number < LEGEND else None
        axes.plot(times, scored.scores, ".-", ms=4, lw=0.8, color=colour, label=label)
        axes.plot(times, scored.running, lw=2, alpha=0.5, color=colour)
    if threshold is not None:
        axes.axhline(threshold, color="#cc0099", lw=1, ls="--", label=f"threshold {threshold:z.4f}")
    folder = bool(scores) and scores[0].track.faces[0].seconds is None
    axes.set_xlabel("frame" if folder else "seconds")
    axes.set_ylabel("score")
    axes.set_title(readable(f"against {photo}"), fontsize=10, parse_math=False)
    axes.grid(alpha=0.3)
    if scores or threshold is not None:
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.supxlabel(caption, fontsize=8, parse_math=False)
    return figure
