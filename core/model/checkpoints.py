"""Foreign checkpoints as named tensors: without wrappers, and without what training added to names."""

import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import XCosError
from core.lfs import refuse_pointer
from core.model.weights import read_safetensors

# What data parallelism and torch.compile put between the parts of a name.
ADDED = frozenset(("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"))
PICKLED = b"\x80"  # the first byte of every pickle since protocol 2
DEEPEST = 8  # containers within containers
MOST_PACKED = 20  # times its size that a file may unpack to; torch does not pack at all


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a checkpoint by name; those in containers have the containers' names before.

    `{"state_dict": {"module.conv.weight": ...}}` gives `state_dict.conv.weight`.
    Raises XCosError for a file that is damaged, carries code, or holds no tensors.
    """
    contents = read_safetensors(path) if is_safetensors(path) else read_pickled(path)
    tensors: dict[str, Tensor] = {}
    for parts, tensor in _leaves(contents, ()):
        name = ".".join(part for part in parts if part not in ADDED)
        if name in tensors:
            raise XCosError(f"{path} has two tensors named {name[:80]}; choose another file.")
        tensors[name] = tensor
    if not tensors:
        raise XCosError(f"{path} holds something else than named tensors; choose another file.")
    return tensors


def is_safetensors(path: Path) -> bool:
    """Whether a file's ending is that of safetensors, in any case."""
    return path.suffix.lower() == ".safetensors"


def read_pickled(path: Path) -> Any:
    """Read a torch file that holds nothing but tensors and plain containers.

    Raises XCosError for a file that is damaged or carries code: it is not run.
    """
    try:
        refuse_pointer(path)
        _refuse_other_kinds(path)
        _refuse_bomb(path)
        with warnings.catch_warnings():  # what they speak of is refused in a sentence later
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise XCosError(f"The weights {path} do not exist; choose another file.") from error
    except OSError as error:
        raise XCosError(f"The weights {path} cannot be read: {error.strerror or error}.") from error
    except XCosError:
        raise
    except Exception as error:
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise XCosError(
                f"{path} carries code beside its weights, which is not run; "
                "ask its publisher for a file of plain tensors."
            ) from error
        raise XCosError(f"{path} is not a file of weights; choose another file.") from error


def _refuse_other_kinds(path: Path) -> None:
    """Raise XCosError for what neither torch nor Python's pickle writes, a table or a photo."""
    if zipfile.is_zipfile(path) or tarfile.is_tarfile(path):
        return
    with path.open("rb") as file:
        begins = file.read(1)
    if begins != PICKLED:
        raise XCosError(f"{path} is not a file of weights; choose another file.")


def _refuse_bomb(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(entry.file_size for entry in packed.infolist())
    if unpacked > MOST_PACKED * path.stat().st_size:
        raise XCosError(
            f"{path} would unpack to {unpacked / 1e9:.1f} GB, which no checkpoint does; "
            "choose another file."
        )


def _leaves(
    contents: Any, parts: tuple[str, ...], depth: int = 0
) -> Iterator[tuple[tuple[str, ...], Tensor]]:
    if isinstance(contents, Tensor):
        yield parts, contents
    elif isinstance(contents, dict) and depth < DEEPEST:
        for key, value in contents.items():
            yield from _leaves(value, (*parts, *str(key).split(".")), depth + 1)
