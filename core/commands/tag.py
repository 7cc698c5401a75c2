"""xcos tag: tags, notes and decisions of faces, pairs and identities."""

import argparse
from pathlib import Path
from typing import Any

from core.commands.shared import warn
from core.errors import XCosError
from core.faces.photo_files import person_name, readable
from core.gallery.cache import default_cache
from core.gallery.folder import scan_with_photos
from core.json_text import json_text
from core.project.edits import (
    DECISIONS,
    Edits,
    face_subject,
    identity_subject,
    pair_subject,
    subject_parts,
    tags_text,
)
from core.project.project import Project
from core.project.state import SUFFIX, state_of

EXAMPLES = """examples:
  xcos tag photos ann/1.jpg group.jpg#2 --add blurred     tag two faces
  xcos tag photos --pair ann/1.jpg bob/3.jpg --add twins --note "ask Ann"
  xcos tag photos --identity "Ann Lee" --remove sister
  xcos tag photos --list --json                           all tags, notes and decisions

Filters find them again:
  xcos score photos --filter 'tag = blurred'"""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "tag",
        help="tag faces, pairs and identities, and write notes",
        description="Tags, notes and decisions of faces, pairs and identities. They are kept in "
        "the gallery's project, which the window shares; the photos are never written.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "gallery", type=Path, metavar="GALLERY", help="folder, CSV, photo or project"
    )
    parser.add_argument(
        "faces",
        nargs="*",
        metavar="FACE",
        help="path of a photo in the gallery, PHOTO#2 its second face",
    )
    parser.add_argument(
        "--pair", nargs=2, action="append", default=[], metavar="FACE", help="the pair of two faces"
    )
    parser.add_argument(
        "--identity", action="append", default=[], metavar="NAME", help="an identity"
    )
    parser.add_argument("--add", action="append", default=[], metavar="TAG", help="give a tag")
    parser.add_argument(
        "--remove", action="append", default=[], metavar="TAG", help="take a tag away"
    )
    parser.add_argument("--note", metavar="TEXT", help='write a note; "" takes it away')
    parser.add_argument("--decide", choices=(*DECISIONS, "none"), help="keep or drop a decision")
    parser.add_argument("--undo", action="store_true", help="take the last change back first")
    parser.add_argument("--list", action="store_true", help="print what these, or all, have")
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="folder that the paths of a CSV gallery are relative to",
    )
    parser.add_argument("--cache", type=Path, metavar="FILE", help="the cache beside which it lies")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    changes = bool(options.add or options.remove or options.decide) or options.note is not None
    if changes and not (options.faces or options.pair or options.identity):
        raise XCosError("Say what to tag: a FACE by its path after GALLERY, --pair or --identity.")
    if options.gallery.suffix.lower() == SUFFIX:
        project = Project.read(options.gallery)
        options.gallery = state_of(project).gallery
    else:
        project = Project.open(options.gallery, (options.cache or default_cache()).parent)
        if not options.gallery.exists() and not project.path.exists():
            raise XCosError(
                f"{options.gallery} does not exist; choose another folder, photo or CSV."
            )
    if project.warning:
        warn(project.warning)
    if options.undo:
        project.undo()
    subjects = _subjects(options, project.edits)
    if options.add or options.remove:
        project.retag(subjects, options.add, options.remove)
    for subject in subjects:
        if options.note is not None:
            project.note(subject, options.note)
        if options.decide:
            project.decide(subject, None if options.decide == "none" else options.decide)
    if options.list or options.json or not (changes or options.undo):
        _tell(project.edits, subjects, options.json)
    return 0


def _subjects(options: argparse.Namespace, edits: Edits) -> list[str]:
    if not (options.faces or options.pair or options.identity):
        return []
    listing = scan_with_photos(options.gallery, options.photos)
    photos = {readable(p.photo): p.photo for p in listing.photos}
    photos |= {p.photo: p.photo for p in listing.photos}  # of two spellings the one that is given
    names = {p.identity for p in listing.photos} | {*edits.identities.values()}
    identities = [n if n in names else person_name(n) for n in options.identity]
    for name in identities:
        if name not in names:
            raise XCosError(
                f"{name} is no identity of {options.gallery}; give one as the window shows it."
            )

    def key(name: str) -> str:
        return _key(name, photos, options.gallery)

    return [
        *(face_subject(key(name)) for name in options.faces),
        *(pair_subject(key(left), key(right)) for left, right in options.pair),
        *(identity_subject(name) for name in identities),
    ]


def _key(name: str, photos: dict[str, str], gallery: Path) -> str:
    stem, mark, number = name.rpartition("#")
    numbered = bool(mark) and number.isdecimal() and int(number) > 1
    for photo, rest in ((name, ""), (stem, f"#{number}")):
        known = photos.get(photo, photos.get(readable(photo)))
        if known is not None and (numbered or not rest):
            return known + rest
    raise XCosError(
        f"{name} is no photo of {gallery}; give its path in the gallery, with forward slashes."
    )


def _tell(edits: Edits, subjects: list[str], as_json: bool) -> None:
    known = dict.fromkeys((*edits.tags, *edits.notes, *edits.decisions))
    rows: list[dict[str, Any]] = []
    for subject in subjects or sorted(known):
        kind, names = subject_parts(subject)
        rows.append(
            {
                "kind": kind,
                "names": list(names),
                "tags": list(edits.tags.get(subject, ())),
                "note": edits.notes.get(subject),
                "decision": edits.decisions.get(subject),
            }
        )
    if as_json:
        print(json_text(rows))
        return
    for row in rows:
        parts = [tags_text(row["tags"]), row["decision"] or "", row["note"] or ""]
        marks = " · ".join(part for part in parts if part)
        print(f"{row['kind']} {' × '.join(row['names'])}: {marks or 'nothing'}")
    if not rows:
        print("No face, pair or identity has a tag, a note or a decision yet.")
