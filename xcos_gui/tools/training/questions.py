"""What each of the three ways asks, filled in from what is open."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QWidget

from core.model.card import shipped_weights
from core.training.config import TrainedPart
from core.training.named_files import DEFAULT, OWN, SFACE
from core.training.watch import look, runs_in
from core.training.ways import Paper, Way, adapt, from_nothing, plug_in
from xcos_gui.state.session import Session
from xcos_gui.widgets.model_choice import ModelChoice
from xcos_gui.widgets.path_fields import PathField, PathKind

TARGET = "target.weights"
GALLERIES = "Galleries (*.csv *.xcos);;All files (*)"
PARTS: dict[TrainedPart, str] = {
    "last stage": "Its last stage, and xCos's layers",
    "last two stages": "Its last two stages, and xCos's layers",
    "head": "xCos's layers alone",
    "all": "All of it",
}


class Questions(QWidget):
    """At most four inputs; `way` is what they come to."""

    changed = Signal()
    title = ""
    about = ""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.asked: dict[str, QWidget] = {}  # inputs by the settings that they answer
        self._taken: dict[str, str] = {}  # what was filled in from what is open

    def way(self) -> Way:
        """The run's settings by the answers."""
        raise NotImplementedError

    def refill(self) -> None:
        """Follow what is open, but for what the user chose otherwise."""

    def answers(self) -> dict[str, str]:
        """The answers that do not follow what is open, by name."""
        return {}

    def restore(self, answers: dict[str, Any]) -> None:
        """Give those answers again, as far as they still fit."""

    def ask(self, text: str, widget: QWidget, tip: str, setting: str = "") -> None:
        """Add an input of a setting such as model.start."""
        self.asked[setting] = widget
        widget.setToolTip(tip)
        widget.setAccessibleName(text.replace("&", ""))
        self.form.addRow(text, widget)

    # What several ways ask.

    def gallery_field(self) -> PathField:
        """A gallery, at first the one that is open."""
        field = PathField(self.session.settings, PathKind("data.gallery", True, True, GALLERIES))
        field.changed.connect(self.changed)
        self.ask(
            "&Gallery",
            field,
            "Photos to learn from, with the names and corrections that you gave: a folder, a CSV, "
            "or a project",
            "data.gallery",
        )
        return field

    def target_choice(self, empty: str = "") -> ModelChoice:
        """Whose cosine the score shall keep to."""
        choice = ModelChoice(self.session.settings, TARGET, empty)
        choice.changed.connect(self.changed)
        return choice

    def follow_gallery(self, field: PathField) -> None:
        """Name the open gallery, unless the user named another one."""
        session = self.session
        source = session.project_file or session.source
        if field.text() == self._taken.get("gallery", ""):
            self._taken["gallery"] = "" if source is None else str(source)
            field.set_text(self._taken["gallery"])

    def with_gallery(self, way: Way, field: PathField) -> Way:
        """The way with what the window knows of its gallery: how its photos become faces."""
        text, session = field.text(), self.session
        if not text or text != self._taken.get("gallery"):
            return way
        settings = session.gallery_settings
        data = replace(
            way.config.data,
            gallery_cache=session.cache.path,
            faces=settings.faces,
            aligned=settings.aligned,
        )
        return replace(way, config=replace(way.config, data=data))


class AdaptQuestions(Questions):
    """Which gallery, which weights, which target, and what of the weights is trained."""

    title = "&Adapt the weights in use to this gallery"
    about = "For people and photos like yours: minutes here."

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.gallery = self.gallery_field()
        self.start = ModelChoice(session.settings, "model.start")
        self.start.changed.connect(self.changed)
        self.ask(
            "&Weights",
            self.start,
            "The weights to go on from; they stay as they are",
            "model.start",
        )
        self.target = self.target_choice()
        self.target.offer([("The weights' own FC cosine", OWN), ("SFace", SFACE)])
        self.target.choose(OWN)
        self.ask("&Taught by", self.target, "The model whose cosine the score keeps to", TARGET)
        self.trained = QComboBox()
        for part, text in PARTS.items():
            self.trained.addItem(text, part)
        self.trained.currentIndexChanged.connect(self.changed)
        self.ask(
            "T&rain",
            self.trained,
            "The less is trained, the fewer photos are enough",
            "model.trained",
        )
        self.refill()

    def refill(self) -> None:
        self.follow_gallery(self.gallery)
        card = self.session.card
        offered = [] if card is None else [(f"{card.name} (in use)", card.path)]
        known = {path.resolve() for _, path in offered}
        others = [(path.stem, path) for path in shipped_weights()]
        for run in runs_in(self.session.settings.runs):
            if (weights := look(run).weights) is not None:
                others.append((f"run {run.name}", weights))
        offered += [(text, path) for text, path in others if path.resolve() not in known]
        self.start.offer(offered)
        used = DEFAULT if card is None else card.path
        if str(self.start.path or "") == self._taken.get("start", ""):
            self._taken["start"] = str(used)
            self.start.choose(used)

    def way(self) -> Way:
        gallery = self.gallery.text()
        way = adapt(
            Path(gallery) if gallery else None,
            self.start.path or DEFAULT,
            self.target.path or OWN,
            self.trained.currentData(),
        )
        return self.with_gallery(way, self.gallery)

    def answers(self) -> dict[str, str]:
        return {"target": str(self.target.path), "trained": self.trained.currentData()}

    def restore(self, answers: dict[str, Any]) -> None:
        if answers.get("target"):
            self.target.choose(Path(answers["target"]))
        if answers.get("trained") in get_args(TrainedPart):
            self.trained.setCurrentIndex(self.trained.findData(answers["trained"]))


class PlugInQuestions(Questions):
    """Which model, which faces, which target, and whether a layer lies before the grid."""

    title = "&Plug in a model of mine"
    about = "ONNX, torch, a weights file, or SFace: it stays as it is, and gets xCos's maps."

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.model = ModelChoice(session.settings, "model.frozen")
        self.model.offer([("SFace", SFACE)])
        self.model.changed.connect(self.changed)
        self.ask(
            "&Model", self.model, "A face model with a 7×7 map before its embedding", "model.frozen"
        )
        self.gallery = self.gallery_field()
        self.target = self.target_choice()
        self.target.offer([("The model's own cosine", OWN), ("SFace", SFACE)])
        self.target.choose(OWN)
        self.ask("&Taught by", self.target, "The model whose cosine the score keeps to", TARGET)
        self.local = QCheckBox("A &3×3 layer before the grid")
        self.local.setChecked(True)
        self.local.toggled.connect(self.changed)
        self.ask(
            "",
            self.local,
            "Closer to the model's own score; a cell then sees its neighbours too",
            "model.local",
        )
        self.refill()

    def refill(self) -> None:
        self.follow_gallery(self.gallery)
        target = self.session.settings.target
        if target is not None and self.model.path is None:
            self.model.choose(target.path)

    def way(self) -> Way:
        gallery = self.gallery.text()
        way = plug_in(
            self.model.path,
            Path(gallery) if gallery else None,
            self.target.path or OWN,
            self.local.isChecked(),
        )
        return self.with_gallery(way, self.gallery)

    def answers(self) -> dict[str, str]:
        return {
            "model": str(self.model.path or ""),
            "target": str(self.target.path),
            "local": "yes" if self.local.isChecked() else "no",
        }

    def restore(self, answers: dict[str, Any]) -> None:
        for name, choice in (("model", self.model), ("target", self.target)):
            if answers.get(name):
                choice.choose(Path(answers[name]))
        self.local.setChecked(answers.get("local") != "no")


class NothingQuestions(Questions):
    """Which settings of those that ship, which faces, which target, which validation."""

    title = "From &nothing"
    about = "The paper's settings and its baselines: many faces, and a GPU or days."

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.preset = QComboBox()
        self.preset.addItems(list(get_args(Paper)))
        self.preset.setCurrentText("laptop")
        self.preset.currentTextChanged.connect(self.changed)
        self.ask("&Settings", self.preset, "Those of the paper, its baselines, or a laptop's")
        settings = session.settings
        self.labelled = PathField(settings, PathKind("data.labelled", folder=True, file=False))
        self.labelled.changed.connect(self.changed)
        self.ask(
            "&Faces",
            self.labelled,
            "A folder of aligned faces with a sub-folder an identity, or InsightFace's RecordIO",
            "data.labelled",
        )
        self.target = self.target_choice(empty="As the settings say")
        self.target.offer([("SFace", SFACE)])
        self.ask("&Taught by", self.target, "The model whose cosine the score shall have", TARGET)
        self.validation = PathField(
            settings, PathKind("data.validation"), "some of the people, who are held out"
        )
        self.validation.changed.connect(self.changed)
        self.ask(
            "&Validated on",
            self.validation,
            "A list of pairs such as LFW's; without one, some of the people are held out",
            "data.validation",
        )

    def way(self) -> Way:
        labelled, validation = self.labelled.text(), self.validation.text()
        return from_nothing(
            self.preset.currentText(),  # type: ignore[arg-type]
            Path(labelled) if labelled else None,
            self.target.path,
            Path(validation) if validation else None,
        )

    def answers(self) -> dict[str, str]:
        return {
            "preset": self.preset.currentText(),
            "labelled": self.labelled.text(),
            "target": str(self.target.path or ""),
            "validation": self.validation.text(),
        }

    def restore(self, answers: dict[str, Any]) -> None:
        if answers.get("preset") in get_args(Paper):
            self.preset.setCurrentText(answers["preset"])
        self.labelled.set_text(str(answers.get("labelled", "")))
        self.validation.set_text(str(answers.get("validation", "")))
        if answers.get("target"):
            self.target.choose(Path(answers["target"]))
