"""Choosing a device, and how many faces fit on it at once."""

import psutil
import torch

from core.errors import XCosError

BYTES_PER_FACE = 24 * 2**20  # of activations, for the largest registered backbones in float32
LARGEST_BATCH = 128


def choose_device(wanted: str = "auto") -> torch.device:
    """auto, cpu, cuda, cuda:1 or mps as a device. Raises XCosError for one that is not there."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise XCosError(f"There is no device {wanted!r}; choose auto, cpu, cuda or mps.") from error
    there = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }.get(device.type, 0)
    if (device.index or 0) >= there:
        raise XCosError(f"This machine has no device {wanted!r}; choose --device cpu or auto.")
    return device


def batch_size(device: torch.device) -> int:
    """Faces whose activations fit in a quarter of the memory that is free, 1 to 128."""
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    else:
        free = psutil.virtual_memory().available
    return max(1, min(LARGEST_BATCH, free // 4 // BYTES_PER_FACE))
