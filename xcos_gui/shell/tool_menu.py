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
    """

    text: str
    key: str
    place: tuple[str, str]
    icon: str

    def load(self) -> "type[ToolWindow]":
        """The window's class."""
        module, name = self.place
        loaded: type[ToolWindow] = getattr(import_module(f"xcos_gui.tools.{module}"), name)
        return loaded


# On the pair that is looked at, then on the gallery; a line between the two groups.
PAIR_TOOLS = (
    Tool("Both &photos at full size…", "Ctrl+D", ("photos.window", "PhotosWindow"), "photos"),
    Tool("&What if…", "Ctrl+I", ("what_if.window", "WhatIfWindow"), "what-if"),
    Tool("What would &flip it…", "Ctrl+Shift+I", ("flip", "FlipWindow"), "flip"),
    Tool("Compare &saliency methods…", "Ctrl+M", ("compare.window", "CompareWindow"), "compare"),
)
VIDEO = Tool("&Video…", "Ctrl+Shift+V", ("video.window", "VideoWindow"), "video")
TWO_MODELS = Tool(
    "&Two models…", "Ctrl+Shift+M", ("two_models.window", "TwoModelsWindow"), "models"
)
GALLERY_TOOLS = (
    Tool("&Map of faces…", "Ctrl+Shift+F", ("face_map.window", "FaceMapWindow"), "map"),
    Tool("F&ragile pairs…", "Ctrl+Shift+G", ("fragile", "FragileWindow"), "fragile"),
    Tool("&Patterns of failure…", "Ctrl+Shift+P", ("patterns", "PatternsWindow"), "patterns"),
    Tool("What &attention is worth…", "Ctrl+Shift+A", ("score_kinds", "WorthWindow"), "worth"),
    TWO_MODELS,
    Tool("Peop&le…", "Ctrl+Shift+H", ("people.window", "PeopleWindow"), "people"),
    Tool("La&bels and leaks…", "Ctrl+Shift+L", ("labels.window", "LabelsWindow"), "labels"),
    Tool(
        "Evidence, con&ditions, groups…",
        "Ctrl+Shift+D",
        ("evidence.window", "EvidenceWindow"),
        "evidence",
    ),
    Tool("Seco&nd reader…", "Ctrl+Shift+N", ("readers.window", "ReadersWindow"), "readers"),
    VIDEO,
    Tool("R&eport…", "Ctrl+Shift+R", ("report", "ReportWindow"), "report"),
)
ALL_TOOLS = (*PAIR_TOOLS, *GALLERY_TOOLS)
