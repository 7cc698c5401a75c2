"""Help that explains S, W and the score with a worked pair, and About."""

import html
import platform
from collections.abc import Iterable

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
from xcos_gui.shell.tool_menu import Tool
from xcos_gui.widgets.placing import fit_to_screen

# Keys that are in no menu.
SHORTCUTS = (
    ("Return", "in the gallery: compare the two selected faces"),
    ("arrow keys", "in the matrix: walk over pairs; in a map: walk over cells"),
    ("Page Up, Page Down", "in the matrix: the next identity"),
    ("+, -, 0", "zoom in, zoom out, show all: in the matrix, the photos and the map of faces"),
    ("Space", "in the panel Pair and the photos: the plain faces while it is held"),
    ("Up, Down", "in the filter: earlier filters, such as: outcome = FP and region(nose) > 30 %"),
    ("1, 2, 3; G; O", "in Both photos: side by side, wipe, blink; grid; overlay"),
    ("A, R, U, Delete", "in Labels and leaks: accept, reject, unsure, take back"),
    ("A, R, U", "in the panel Pair: accept, reject or unsure of the pair"),
    ("F1", "in a tool: what it shows"),
    ("Esc", "close a list, else clear the field, else stop what runs, else close the window"),
)


WORDS = (
    (
        "genuine, impostor pair",
        "two photos of one person; of two people, as folders or a CSV name them",
    ),
    (
        "score",
        "how alike the model finds a pair, from \N{MINUS SIGN}1 to 1; above the threshold it says same person",
    ),
    ("TP, true accept", "a genuine pair called the same"),
    ("FN, false reject", "a genuine pair called different; also false non-match"),
    ("FP, false accept", "an impostor pair called the same; also false match"),
    ("TN, true reject", "an impostor pair called different"),
    (
        "TAR, FRR",
        "shares of the genuine pairs that are true accepts, false rejects; FRR is also FNMR",
    ),
    (
        "FAR, TRR",
        "shares of the impostor pairs that are false accepts, true rejects; FAR is also FMR",
    ),
    ("EER", "the error rate at the threshold where FAR and FRR are equal"),
    ("ROC, DET, AUC", "TAR, or FRR, against FAR over all thresholds; the area under the ROC"),
    ("S, cosine map", "how alike two faces are in each of 7\N{MULTIPLICATION SIGN}7 cells"),
    (
        "W, attention map",
        "how much each cell counts: learned, uniform (equal), or by correlation with a target model",
    ),
    ("contribution", "W\N{MIDDLE DOT}S of a cell; the 49 of them sum to the score"),
    ("evidence", "a contribution less the threshold's part; positive speaks for the same person"),
    ("order", "which face comes first, which learned attention minds; both is the mean of the two"),
    ("target", "another verification model, whose cosine is shown beside the score"),
    ("FC cosine", "what the weights' fully connected head, which has no maps, says of a pair"),
    ("probe", "a face that is held against the gallery's faces"),
    ("fragile", "a pair whose verdict flips when a crop moves by 2 pixels or 2 degrees"),
    ("LR, likelihood ratio", "how many times likelier a score is if both photos show one person"),
    ("Cllr", "what likelihood ratios cost: 0 is perfect, 1 says nothing"),
    ("rank, CMC", "the place of the right person among all; the share of probes within each rank"),
    (
        "FPIR, FNIR",
        "shares of probes of strangers that find somebody, of known people who are not found first",
    ),
    (
        "accept, reject, unsure",
        "what you decide on a pair, a face or a finding; kept in the project",
    ),
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
S = {largest["cosine"]:z.3f} and W = {largest["attention"]:z.4f}: it gives
{largest["attention"]:z.4f} × {largest["cosine"]:z.3f} = {largest["contribution"]:z.4f}, the most of all.
The least, {least["contribution"]:z.4f}, comes from row {least["row"] + 1}, column {least["column"] + 1}
({least["region"]}). The other 48 cells give {rest:z.4f}, and together that is the score
{largest["contribution"]:z.4f} + {rest:z.4f} = <b>{e.score:z.4f}</b>.</p>"""
    if (evidence := report.evidence) is not None and report.threshold is not None:
        speaking = int(np.count_nonzero(evidence > 0))
        text += f"""<p>The threshold is {report.threshold:.4f}. {speaking} cells speak for the same person and
{49 - speaking} do not; their evidence sums to {evidence.sum():.4f} = {e.score:.4f} − {report.threshold:.4f}.</p>
<p>{_safe(report.words or "")}</p>"""
    return text


def show_page(title: str, page: str, parent: QWidget) -> None:
    """Show a page until the user closes it."""
    dialog = TextDialog(title, page, parent)
    dialog.exec()
    dialog.deleteLater()  # its parent would keep it


def tool_page(tool: Tool) -> str:
    """What a tool shows and how it is used."""
    name = _safe(tool.text.replace("&", "").rstrip("…"))
    return f"<h2>{name}</h2><p>{_safe(tool.about)}</p><p>{tool.key} opens it.</p>"


def shortcuts_page(menus: Iterable[tuple[str, str]]) -> str:
    """All keys. menus: the entries of the menus that have one, and their keys."""
    parts = []
    for title, rows in (("Menus", menus), ("In the window", SHORTCUTS)):
        cells = "".join(
            f"<tr><td><b>{_safe(key)}</b>&nbsp;&nbsp;</td><td>{_safe(what)}</td></tr>"
            for key, what in rows
        )
        parts.append(f"<h3>{title}</h3><table>{cells}</table>")
    more = "Alt opens the menus; Tab goes from panel to panel."
    return f"<h2>Keys</h2>{''.join(parts)}<p>{more}</p>"


def words_page() -> str:
    """What the words of the window mean."""
    rows = "".join(
        f"<tr><td><b>{_safe(word)}</b>&nbsp;&nbsp;</td><td>{_safe(what)}</td></tr>"
        for word, what in WORDS
    )
    return f"<h2>Words</h2><table>{rows}</table>"


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
        "law of hidden parts": card.law_words,
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
