"""Options and steps that several commands share."""

import argparse
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.spared import inputs_of, outputs_of, spare, spare_gallery
from core.errors import XCosError
from core.faces.choose import FACE_POLICIES, GallerySettings
from core.faces.face import Problem
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import open_gallery
from core.model.attention_weights import read_head
from core.model.card import ModelCard, find_weights
from core.model.kinds import ATTENTION_KINDS, CHANNELS, ORDERS, AttentionKind
from core.model.normalisation import Normalisation, parse_normalisation
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.progress import Task
from core.project.project import Project
from core.project.state import SUFFIX, ProjectState, state_of
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoredGallery, ScoringModel, score_gallery
from core.workarounds import keep_memory

MOST_TOLD = 10  # doubtful faces, by a sentence each


def add_model_options(
    parser: argparse.ArgumentParser, target: bool = False, refused: Collection[str] = ()
) -> None:
    """--model, --attention, --threshold, --device, --half, --cache, --json.

    target:  also --target and its input, where its cosine is shown or asked for
    refused: options that the command refuses in a sentence, which its help leaves out
    """

    def help_of(option: str, words: str) -> str:
        return argparse.SUPPRESS if option in refused else words

    group = parser.add_argument_group("model and machine")
    group.add_argument(
        "--model",
        metavar="NAME|FILE",
        help="weights, by name or file (default: those that ship)",
    )
    if target:
        group.add_argument(
            "--target",
            metavar="FILE|sface",
            type=Path,
            help="another verification model (.safetensors, .pth or .onnx), whose cosine is the "
            "filter's word target, and is shown where pairs are explained or judged; sface: SFace, "
            "which xcos-studio[sface] installs",
        )
        add_target_input_options(group)
    group.add_argument(
        "--attention",
        choices=ATTENTION_KINDS,
        help=help_of("--attention", "attention kind (default: learned)"),
    )
    group.add_argument(
        "--threshold",
        type=finite,
        metavar="T",
        help=help_of(
            "--threshold",
            '"same" means score > T (default: the weights\' own for the attention kind)',
        ),
    )
    group.add_argument(
        "--device",
        default="auto",
        metavar="DEVICE",
        help="where features and all pairs are computed: auto, cpu, cuda, cuda:1, mps (default: %(default)s)",
    )
    group.add_argument(
        "--half",
        action="store_true",
        help=help_of("--half", "compute features in half precision on a GPU"),
    )
    group.add_argument(
        "--cache",
        type=Path,
        metavar="FILE",
        help="file that keeps detections and features (default: in your cache folder)",
    )
    group.add_argument("--json", action="store_true", help="print the result as JSON")


def add_target_input_options(group: "argparse._ArgumentGroup | argparse.ArgumentParser") -> None:
    """--target-channels, --target-normalisation."""
    group.add_argument(
        "--target-channels",
        choices=[channels.lower() for channels in CHANNELS],
        help="order of the target's colour channels (default: as its file says, else rgb)",
    )
    group.add_argument(
        "--target-normalisation",
        type=normalisation,
        metavar="none|MEAN,STD",
        help="(x - MEAN) / STD of the target's input, x from 0 to 255; six numbers give each channel "
        "its own; none: x itself (default: as its file says; `xcos models FILE` shows it)",
    )


def target_of(options: argparse.Namespace, kept: TargetChoice | None = None) -> TargetChoice | None:
    """The target that the options name, else the kept one; with what they say of its input.

    Raises XCosError where they say something of no target's input.
    """
    choice = kept if options.target is None else TargetChoice(options.target)
    channels, norm = options.target_channels, options.target_normalisation
    if choice is None:
        if channels is not None or norm is not None:
            raise XCosError(
                "--target-channels and --target-normalisation say how a target is given faces; "
                "name one with --target."
            )
        return None
    if channels is not None:
        choice = choice.with_said(channels=channels)
    return choice if norm is None else replace(choice, normalisation=norm)


def add_face_options(parser: argparse.ArgumentParser) -> None:
    """--order, --aligned, --faces."""
    group = parser.add_argument_group("faces and pairs")
    group.add_argument(
        "--order",
        choices=ORDERS,
        help="which face learned attention sees first; both: the mean (default: both)",
    )
    group.add_argument(
        "--aligned",
        action="store_true",
        help="the photos are aligned 112x112 crops: no detection; another size is an error",
    )
    group.add_argument(
        "--faces",
        choices=FACE_POLICIES,
        help="which faces of a photo with several (default: central)",
    )


def add_output_option(
    parser: argparse.ArgumentParser,
    what: str = "table to write: .csv or .json",
    several: bool = False,
) -> None:
    """-o, --output; several: a list of files, else one or None."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help=f"{what}; may be given several times" if several else what,
        action="append" if several else "store",
        default=[] if several else None,
    )


def finite(text: str) -> float:
    """An argument that is a finite number; a decimal comma is read as a point."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def named(text: str) -> str:
    """An argument that names a file; an empty one, as of a shell's unset variable, is not `.`."""
    if not text:
        raise argparse.ArgumentTypeError(
            "the path is empty; name a file or folder (. for this one)"
        )
    return text


def positive(text: str) -> int:
    """An argument that is a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def normalisation(text: str) -> Normalisation:
    """An argument that is a normalisation."""
    try:
        return parse_normalisation(text)
    except XCosError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class Setup:
    """What the shared options ask for, made ready: model, engine, cache.

    written: files that the command writes besides those that the options name
    decides: whether the command calls pairs the same or different by the threshold
    Raises XCosError, also where something that the options name would be written over.
    """

    def __init__(
        self, options: argparse.Namespace, written: Sequence[Path] = (), decides: bool = True
    ) -> None:
        keep_memory()
        self._projects: dict[Path, Project] = {}
        self._told: set[str] = set()
        self._state: ProjectState | None = None  # of a project whose own weights are used
        named = inputs_of(options)
        kept = self._take_project(options)
        self.target_choice = target_of(options, kept) if "target" in options else None
        self._outputs = [*outputs_of(options), *written]
        spare(self._outputs, [*named, *inputs_of(options)])  # and what the project names
        self.options = options
        path = find_weights(options.model)
        self.verifier = Verifier(path, options.device, options.half)
        self.card: ModelCard = self.verifier.card
        if self.card.kind != "xcos":
            raise XCosError(f"{path} is a target model without grid features; give it as --target.")
        other = None if self._state is None else self._state.other_weights(self.card.fingerprint)
        if other is not None:
            warn(other)
        choice = self.target_choice
        self.target = None if choice is None else Target(choice, options.device)
        head = read_head(path)
        self.engine = PairEngine(head, self.card.correlation, options.device, warn)
        self.kind: AttentionKind = options.attention or "learned"
        self.engine.weights(self.kind)  # refuses a kind that the weights lack
        given = options.threshold
        reach = self.engine.reach(self.kind)
        if given is not None and abs(given) > reach:
            raise XCosError(
                f"{given:g} is no threshold: scores lie from {-reach:g} to {reach:g}; give another "
                "one with --threshold."
            )
        self.threshold: float | None = self.card.threshold(self.kind) if given is None else given
        if decides and given is None and self.threshold is not None and options.order != "both":
            warn(
                f"The threshold {self.threshold:.4g} was measured for order both; "
                f"give --threshold for order {options.order}."
            )
        self.cache = Cache(options.cache)
        self.settings = GallerySettings(options.faces, options.aligned)

    @property
    def model(self) -> ScoringModel:
        """What scores pairs."""
        return ScoringModel(self.card, self.engine)

    def score(
        self, gallery: LoadedGallery, probes: LoadedGallery | None, task: Task
    ) -> ScoredGallery:
        """Score all pairs of a gallery, or all probes with it. Raises XCosError, Stopped."""
        return score_gallery(self.model, gallery, probes, self.kind, self.options.order, task)

    def _take_project(self, options: argparse.Namespace) -> TargetChoice | None:
        """Where the gallery is a project file: what it says, but for what the options say.

        Returns the project's target.
        """
        path = getattr(options, "gallery", None)
        target = None
        if isinstance(path, Path) and path.suffix.lower() == SUFFIX:
            project = Project.read(path)
            state = state_of(project)
            options.gallery = state.gallery
            self._projects[state.gallery] = project
            if options.threshold is None and options.model is None:
                options.threshold = state.thresholds.get(options.attention or state.kind)
            self._state = state if options.model is None else None
            options.model = options.model or state.model
            target = state.target
            options.attention = options.attention or state.kind
            options.order = options.order or state.order
            options.faces = options.faces or state.settings.faces
            options.aligned = options.aligned or state.settings.aligned
            if getattr(options, "probes", path) is None:
                options.probes = state.probes
        for name, default in (("order", "both"), ("faces", "central")):
            if getattr(options, name, default) is None:
                setattr(options, name, default)
        return target

    def project_of(self, source: Path) -> Project:
        """A gallery's project, read once."""
        if source not in self._projects:
            self._projects[source] = Project.open(source, self.cache.folder)
        return self._projects[source]

    def open(
        self,
        source: Path,
        task: Task,
        with_project: bool = False,
        photos: Path | None = None,
        settings: GallerySettings | None = None,
    ) -> LoadedGallery:
        """Load a gallery with these options; a project's edits apply where asked for."""
        project = self.project_of(source) if with_project else None
        loaded = open_gallery(
            source,
            verifier=self.verifier,
            target=self.target,
            cache=self.cache,
            settings=settings or self.settings,
            project=project,
            photos=photos,
            task=task,
        )
        spare_gallery(self._outputs, loaded.gallery)
        if project is not None and project.warning:
            warn(project.warning)
        for sentence in (*self.cache.warnings, *self.verifier.warnings):
            if sentence not in self._told:  # the gallery's and the probes' are the same cache's
                warn(sentence)
            self._told.add(sentence)
        command = "evaluate" if "protocol" in self.options else "score"
        tell_problems(loaded.gallery.warnings, "warning", "faces are doubtful", command)
        return loaded


def tell_problems(
    problems: Sequence[Problem],
    sort: str = "problem",
    rest: str = "photos gave no face",
    command: str = "score",
) -> None:
    """Name some on stderr, by default of photos that gave no face, and how many the rest are.

    command: whose JSON has all of them
    """
    told = len(problems) if len(problems) == MOST_TOLD + 1 else MOST_TOLD
    for problem in problems[:told]:
        warn(f"{sort}: {problem.reason}")
    if len(problems) > told:
        warn(f"{sort}: {len(problems) - MOST_TOLD} more {rest}; {command} --json names all.")


class ProgressBar(Task):
    """Progress on stderr while it is a terminal; silent elsewhere."""

    def __init__(self) -> None:
        super().__init__(self._show)
        self._bar: Any = None
        self._what = ""

    def _show(self, what: str, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        from tqdm import tqdm

        if what != self._what:
            self.close()
            # In a terminal that says it has no columns and lines tqdm shows nothing.
            columns, lines = shutil.get_terminal_size()
            size = {"ncols": columns, "nrows": lines}
            bar = tqdm(total=total, initial=done, desc=what, leave=False, **size)
            self._what, self._bar = what, bar
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
        self._bar, self._what = None, ""


def warn(sentence: str) -> None:
    """A sentence on stderr."""
    print(f"xcos: {sentence}", file=sys.stderr)
