"""Several processes that train as one: faces of all of them in every pair, one batch norm."""

import os

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn
from torch.distributed.nn.functional import all_gather, all_reduce

from core.model.device import choose_device
from core.training.config import HardwareConfig


def make_fabric(config: HardwareConfig) -> Fabric:
    """Fabric for this process, one of several when torchrun started it. Raises XCosError."""
    device = choose_device(config.device)
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        devices: int | list[int] = 1
        if device.type == "cuda" and device.index is not None:
            devices = [device.index]
        return Fabric(accelerator=device.type, devices=devices, precision=config.precision)
    # Which losses apply differs from batch to batch, and with them the parameters in use.
    strategy = DDPStrategy(find_unused_parameters=True, broadcast_buffers=False)
    fabric = Fabric(
        accelerator=device.type,
        devices=local,
        num_nodes=world // local,
        strategy=strategy,
        precision=config.precision,
    )
    fabric.launch()
    return fabric


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of the processes this is, from 0."""
    return dist.get_rank() if processes() > 1 else 0


def gathered(rows_BX: Tensor) -> Tensor:
    """The rows of all processes, in order of rank; gradients flow back to where they came from.

    Each process then computes the same loss, whose gradients arrive summed over the processes
    and are averaged by DDP: what one process with all rows would have.
    """
    return rows_BX if processes() == 1 else torch.cat(all_gather(rows_BX.contiguous()))  # type: ignore[no-untyped-call]


def summed(value: Tensor) -> Tensor:
    """A number summed over all processes, without gradient."""
    if processes() > 1:
        value = value.detach().clone()
        dist.all_reduce(value)
    return value


def any_process(asked: bool) -> bool:
    """Whether it is so in any process; all get the same answer."""
    if processes() == 1:
        return asked
    flag = torch.tensor(float(asked))
    if dist.get_backend() == "nccl":
        flag = flag.cuda()
    return bool(summed(flag).item() > 0)


class GlobalBatchNorm(nn.BatchNorm2d):
    """Batch norm with the statistics of all processes' faces, on any device.

    torch's SyncBatchNorm does the same, but on GPUs alone.
    """

    def forward(self, x_BCHW: Tensor) -> Tensor:
        if not self.training or processes() == 1:
            return super().forward(x_BCHW)
        count = x_BCHW.numel() // x_BCHW.shape[1] * processes()
        axes = (0, 2, 3)
        mean = all_reduce(x_BCHW.sum(axes)) / count  # type: ignore[no-untyped-call]
        centred = x_BCHW - mean[:, None, None]
        variance = all_reduce((centred * centred).sum(axes)) / count  # type: ignore[no-untyped-call]
        with torch.no_grad():
            assert self.running_mean is not None and self.running_var is not None
            assert self.num_batches_tracked is not None and self.momentum is not None
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        scale = (variance + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.weight
        normal: Tensor = centred * scale[:, None, None]
        return normal + self.bias[:, None, None] if self.affine else normal


def share_batch_norm(module: nn.Module, device: torch.device) -> nn.Module:
    """Replace the batch norms in a module by ones over all processes; weights stay."""
    if processes() == 1:
        return module
    if device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]
        return converted
    for name, child in module.named_children():
        if type(child) is nn.BatchNorm2d:
            shared = GlobalBatchNorm(child.num_features, child.eps, child.momentum, child.affine)
            shared.load_state_dict(child.state_dict())
            setattr(module, name, shared)
        else:
            share_batch_norm(child, device)
    return module
