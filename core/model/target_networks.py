"""Networks that only targets are: our own fully connected head, and ONNX files."""

from pathlib import Path

import torch
from torch import Tensor, nn

from core.digests import file_digest
from core.errors import XCosError
from core.model.card import ModelCard
from core.model.onnx_model import OnnxSession
from core.model.xcos import XCosNet


class HeadNetwork(nn.Module):
    """The fully connected head of one of our weight files, as a target."""

    def __init__(self, network: XCosNet) -> None:
        super().__init__()
        self.network = network

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, D), not normalised."""
        embedding_BD = self.network(x_BCHW)[1]
        assert isinstance(embedding_BD, Tensor)
        return embedding_BD


class OnnxNetwork(nn.Module):
    """An ONNX face model as a target; RGB, (x - 127.5) / 127.5 unless its graph normalises."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._session = OnnxSession(path)
        mean, std = ((0.0,) * 3, (1.0,) * 3) if self._session.normalises else ((127.5,) * 3,) * 2
        self.card = ModelCard(
            name=path.stem,
            path=path,
            fingerprint=file_digest(path),
            kind="target",
            backbone="onnx",
            mean=mean,
            std=std,
        )

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, D), as the model gives it. Raises XCosError for another shape."""
        output = self._session.run(x_BCHW.cpu().numpy())
        if output.ndim != 2:
            raise XCosError(f"{self._session.path} gives {output.shape}, not an embedding a face.")
        return torch.from_numpy(output).to(x_BCHW.device)
