"""The entries of the Analyse menu; a tool's module is imported when it is first asked for."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xcos_gui.widgets.tool_window import ToolWindow


@dataclass(frozen=True)
class Tool:
    """A window of the Analyse menu.

    text, key: its menu entry and shortcut
    place:     module in xcos_gui.tools and class of its ToolWindow
    icon:      of xcos_gui.widgets.icons
    about:     what it shows and how it is used, for its help
    """

    text: str
    key: str
    place: tuple[str, str]
    icon: str
    about: str

    def load(self) -> "type[ToolWindow]":
        """The window's class."""
        module, name = self.place
        loaded: type[ToolWindow] = getattr(import_module(f"xcos_gui.tools.{module}"), name)
        return loaded


# On the pair that is looked at, then on the gallery; a line between the two groups.
PAIR_TOOLS = (
    Tool(
        "Both &photos at full size…",
        "Ctrl+D",
        ("photos.window", "PhotosWindow"),
        "photos",
        "Both photos of the pair as they were taken, laid over each other by their landmarks. Drag or use the arrows to move both, the wheel or + and − to zoom, 0 to fit. 1, 2 and 3 are side by side, wipe and blink; G is the grid, O the overlay, Space shows the plain photos.",
    ),
    Tool(
        "&What if…",
        "Ctrl+I",
        ("what_if.window", "WhatIfWindow"),
        "what-if",
        "Edit a face and see what the model then says. Choose an edit, or press 1 to 9, then click and drag on a face; arrows move the chosen edit. Ctrl+Z takes an edit back, Ctrl+R all of them.",
    ),
    Tool(
        "What would &flip it…",
        "Ctrl+Shift+I",
        ("flip", "FlipWindow"),
        "flip",
        "What the verdict hangs on: the fewest cells without which it would flip, and, by Search, the smallest edit of a face that flips it.",
    ),
    Tool(
        "Compare &saliency methods…",
        "Ctrl+M",
        ("compare.window", "CompareWindow"),
        "compare",
        "xCos's own evidence beside Grad-CAM, occlusion and CorrRISE on the same pair, and how fast the score falls when the cells that each names are taken away.",
    ),
)
VIDEO = Tool(
    "&Video…",
    "Ctrl+Shift+V",
    ("video.window", "VideoWindow"),
    "video",
    "Tracks of faces in a video, scored against photos of the gallery over time.",
)
TWO_MODELS = Tool(
    "&Two models…",
    "Ctrl+Shift+M",
    ("two_models.window", "TwoModelsWindow"),
    "models",
    "The model in use and a second one on the same pairs: who is right where the other is wrong, with intervals.",
)
GALLERY_TOOLS = (
    Tool(
        "&Map of faces…",
        "Ctrl+Shift+F",
        ("face_map.window", "FaceMapWindow"),
        "map",
        "Every face as a point; alike faces lie near each other. Click one to see it, drag around some to select them, then list their pairs, tag them or set them aside.",
    ),
    Tool(
        "F&ragile pairs…",
        "Ctrl+Shift+G",
        ("fragile", "FragileWindow"),
        "fragile",
        "Pairs whose verdict flips when a crop moves by 2 pixels or 2 degrees: their decision is chance. The filter word fragile shows them afterwards.",
    ),
    Tool(
        "Patterns &of failure…",
        "Ctrl+Shift+P",
        ("patterns", "PatternsWindow"),
        "patterns",
        "What many pairs have in common: their mean maps, and groups of pairs with like evidence. Click a group to list its pairs.",
    ),
    Tool(
        "What if, of man&y pairs…",
        "Ctrl+Shift+Y",
        ("what_if.many", "WhatIfManyWindow"),
        "what-if",
        "All listed or chosen pairs with the same edit of their faces, such as a covered mouth: how scores and outcomes change, those that change most first.",
    ),
    Tool(
        "What &attention is worth…",
        "Ctrl+Shift+A",
        ("score_kinds", "WorthWindow"),
        "worth",
        "What learned attention adds: the errors of each kind of score on this gallery, and the pairs that one saves and another loses.",
    ),
    TWO_MODELS,
    Tool(
        "Peop&le…",
        "Ctrl+Shift+H",
        ("people.window", "PeopleWindow"),
        "people",
        "Who is hard to match, and who is taken for others: each person's mean scores with themselves and with strangers.",
    ),
    Tool(
        "La&bels and leaks…",
        "Ctrl+Shift+L",
        ("labels.window", "LabelsWindow"),
        "labels",
        "What is likely wrong in the labels: wrong names, one person under two names, pictures that are there twice. A accepts, R rejects, U is unsure; your photos stay as they are.",
    ),
    Tool(
        "Evidence, con&ditions, groups…",
        "Ctrl+Shift+D",
        ("evidence.window", "EvidenceWindow"),
        "evidence",
        "What a score is worth as evidence, under which conditions it holds, and for which groups of people.",
    ),
    Tool(
        "Seco&nd reader…",
        "Ctrl+Shift+N",
        ("readers.window", "ReadersWindow"),
        "readers",
        "Rate pairs blind, without score, names or what others said, by the keys 1 to 7; then see how readers agree with each other and with the score.",
    ),
    VIDEO,
    Tool(
        "R&eport…",
        "Ctrl+Shift+R",
        ("report", "ReportWindow"),
        "report",
        "The gallery, a selection or a pair as one file to share: HTML, PDF or a table, with faces blurred and names replaced where that is wanted.",
    ),
)
ALL_TOOLS = (*PAIR_TOOLS, *GALLERY_TOOLS)
