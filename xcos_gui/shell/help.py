"""Help that explains S, W and the score with a worked pair, and About."""

import html
import platform

import numpy as np
from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from core.explain.report import PairReport, cell_rows
from core.model.card import ModelCard
from core.version import version
from xcos_gui.widgets.placing import fit_to_screen

SHORTCUTS = (
    ("Ctrl+O", "open a folder as gallery"),
    ("Ctrl+Shift+O", "open photos or a CSV"),
    ("Ctrl+J, Ctrl+Shift+S", "open a project; save all that is open as one"),
    ("Ctrl+P", "open a second folder as probes: the matrix is then probes × gallery"),
    ("Ctrl+F", "search the gallery"),
    ("Ctrl+N", "tags and notes of the pair, its faces and their identities"),
    ("Ctrl+Shift+T", "tags of the selected faces or pair"),
    ("Ctrl+K", "filter the pairs, such as: outcome = FP and region(nose) > 30 %"),
    ("Ctrl+Z, Ctrl+Shift+Z", "undo and redo changes to the gallery"),
    ("F2", "rename an identity, or merge several"),
    ("Delete", "set photos aside, or bring them back"),
    ("Ctrl+L", "alignment: drag landmarks, pick another face"),
    ("Return", "compare the two faces selected in the gallery"),
    ("arrow keys", "in the matrix: walk over pairs; in a map: walk over cells"),
    ("Page Up, Page Down", "in the matrix: the next identity"),
    ("+, -, 0", "in the matrix: zoom in, zoom out, show all"),
    ("Ctrl+1, Ctrl+2, Ctrl+3", "learned, uniform, correlation attention"),
    ("Ctrl+S", "save the pair as picture, table or page"),
    ("Ctrl+Shift+C", "copy the pair as picture"),
    ("Ctrl+E", "export all scores"),
    ("Esc", "stop what runs"),
)


class TextDialog(QDialog):
    """A page of text."""

    def __init__(self, title: str, page: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        browser = QTextBrowser(openExternalLinks=True)
        browser.setHtml(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(browser)
        layout.addWidget(buttons)
        side = self.fontMetrics().height()
        fit_to_screen(self, QSize(44 * side, 36 * side))


def reading_page(report: PairReport | None) -> str:
    """How to read S, W and the score, worked through on the pair that is open."""
    return f"""<h2>How to read a pair</h2>
<p>The network lays a grid of 7×7 cells over each aligned face and describes every cell by 32 numbers,
the grid features F.</p>
<p><b>S, the cosine map</b>, is the cosine of the two faces' numbers in each cell, from −1 to 1: where do
the faces agree? Blue cells are more alike than the threshold, red ones less, white ones just as much.</p>
<p><b>W, the attention map</b>, says how much each cell counts. <i>Learned</i> attention is computed from both
faces; <i>uniform</i> attention counts all cells alike; <i>correlation</i> attention counts cells by how well they
agreed with a target model over training pairs. Weights of learned and uniform attention sum to 1.</p>
<p><b>The score</b> is the sum of W·S over the 49 cells. It is above the threshold: same person; else: different
people. So the <b>contributions</b> W·S explain the score exactly, nothing is left over.
<b>Evidence</b> takes each cell's part of the threshold away: positive cells speak for the same person,
negative ones against, and the 49 of them sum to score − threshold.</p>
<p>Learned attention depends on which face comes first. Order <i>both</i> takes the mean of the two.</p>
{_worked(report)}
<h3>What it does not say</h3>
<p>The maps explain this model's decision, not who somebody is. A likeness in a cell can come from light, pose or
background; compare attention kinds and orders before you lean on one map. Rates are those of the open gallery.</p>"""


def _worked(report: PairReport | None) -> str:
    if report is None:
        return "<p><i>Open a gallery and choose a pair: this page then works through its numbers.</i></p>"
    e = report.explanation
    rows = cell_rows(report)
    largest, least = rows[0], min(rows, key=lambda row: row["contribution"])
    rest = e.score - largest["contribution"]
    text = f"""<h3>Worked through: {_safe(e.left)} and {_safe(e.right)}</h3>
<p>The cell in row {largest["row"] + 1}, column {largest["column"] + 1} ({largest["region"]}) has
S = {largest["cosine"]:.3f} and W = {largest["attention"]:.4f}: it gives
{largest["attention"]:.4f} × {largest["cosine"]:.3f} = {largest["contribution"]:.4f}, the most of all.
The least, {least["contribution"]:.4f}, comes from row {least["row"] + 1}, column {least["column"] + 1}
({least["region"]}). The other 48 cells give {rest:.4f}, and together that is the score
{largest["contribution"]:.4f} + {rest:.4f} = <b>{e.score:.4f}</b>.</p>"""
    if e.evidence is not None and e.threshold is not None:
        speaking = int(np.count_nonzero(e.evidence > 0))
        text += f"""<p>The threshold is {e.threshold:.4f}. {speaking} cells speak for the same person and
{49 - speaking} do not; their evidence sums to {e.evidence.sum():.4f} = {e.score:.4f} − {e.threshold:.4f}.</p>
<p>{_safe(report.words or "")}</p>"""
    return text


def shortcuts_page() -> str:
    """All keys."""
    rows = "".join(
        f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{what}</td></tr>" for key, what in SHORTCUTS
    )
    return f"<h2>Keys</h2><table>{rows}</table><p>Alt opens the menus; Tab goes from panel to panel.</p>"


def about_page(card: ModelCard | None) -> str:
    """Versions and the model."""
    return f"""<h2>xCos Studio {_safe(version())}</h2>
<p>Looks inside face verification with xCos, the explainable cosine: Y.-S. Lin, Z.-Y. Liu, Y.-A. Chen,
Y.-S. Wang, Y.-L. Chang, W. H. Hsu, <i>xCos: An Explainable Cosine Metric for Face Verification Task</i>, 2020.</p>
<p>Python {platform.python_version()}, PySide6 {pyside_version}, NumPy {np.__version__}, {platform.system()}
{platform.machine()}.</p>
{model_page(card)}"""


def model_page(card: ModelCard | None) -> str:
    """What the weights say of themselves."""
    if card is None:
        return "<p>No weights are loaded.</p>"
    thresholds = ", ".join(f"{kind} {value:.4f}" for kind, value in card.thresholds.items())
    entries = {
        "file": str(card.path),
        "backbone": f"{card.backbone} {card.options or ''}",
        "thresholds": thresholds or "none",
        "trained on": card.training or "not said",
        "licence": card.licence or "not said",
        "fingerprint": card.fingerprint[:16],
        **{name: str(value) for name, value in card.measured.items()},
    }
    rows = "".join(
        f"<tr><td>{_safe(k)}&nbsp;&nbsp;</td><td>{_safe(v)}</td></tr>" for k, v in entries.items()
    )
    return f"<h3>Model {_safe(card.name)}</h3><table>{rows}</table>"


def _safe(text: str) -> str:
    return html.escape(text)
