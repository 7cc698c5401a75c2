"""Choosing a device, and how many faces fit on it at once."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import torch

from core.errors import XCosError
from core.model.kinds import refuse_no_device

BYTES_PER_FACE = 24 * 2**20  # of activations, for the largest registered backbones in float32
LARGEST_BATCH = 128
MOST_WORKERS = 4


def choose_device(wanted: str = "auto") -> torch.device:
    """auto, cpu, cuda, cuda:1 or mps as a device. Raises XCosError for one that is not there."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    refuse_no_device(wanted)
    device = torch.device(wanted)
    there = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }.get(device.type, 0)
    if (device.index or 0) >= there:
        raise XCosError(f"This machine has no device {wanted!r}; choose cpu or auto.", "device")
    return device


def workers(device: torch.device) -> int:
    """How many threads use the machine best, each running a network with its share of the cores.

    Small convolutions scale badly over cores, so a CPU is shared among few threads; a GPU is not.
    """
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1)) if device.type == "cpu" else 1


@contextmanager
def shared_among(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that each get an equal share of the cores for torch's own work."""
    whole = torch.get_num_threads()
    share = max(1, whole // count)
    with ThreadPoolExecutor(count, "worker", lambda: torch.set_num_threads(share)) as pool:
        try:
            yield pool
        finally:
            torch.set_num_threads(whole)  # what threads take that start from now on


def batch_size(device: torch.device) -> int:
    """Faces whose activations fit in a quarter of the memory that is free, 1 to 128."""
    return max(1, min(LARGEST_BATCH, free_memory(device) // 4 // BYTES_PER_FACE))


def free_memory(device: torch.device) -> int:
    """Bytes that are free where the device computes; mps shares the machine's memory."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)
