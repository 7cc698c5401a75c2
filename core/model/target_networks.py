"""Networks that only targets are: our own fully connected head, and ONNX files."""

from pathlib import Path

import torch
from torch import Tensor, nn

from core.digests import file_digest
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
    """An ONNX face model as a target; its normalisation is what its graph leaves to be done."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._session = OnnxSession(path)
        norm = self._session.normalisation
        self.card = ModelCard(
            name=path.stem,
            path=path,
            fingerprint=file_digest(path),
            kind="target",
            backbone="onnx",
            mean=norm.mean,
            std=norm.std,
            training=f"an ONNX file; the embedding is its output {self._session.tensor}",
        )

    def embed(self, x_BCHW: Tensor) -> Tensor:
        """(B, 3, 112, 112) to (B, D), as the model gives it. Raises XCosError where it cannot run."""
        return torch.from_numpy(self._session.run(x_BCHW.cpu().numpy())).to(x_BCHW.device)
