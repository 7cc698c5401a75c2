"""Two processes that train together are one process with the same batch."""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from core.training.config import write_config
from core.training.loop import train
from tests.training.test_training import config_for

ROOT = Path(__file__).parents[2]


def test_two_processes_equal_one(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(
        config,
        optimisation=replace(config.optimisation, steps=8, learning_rate=1e-4, optimiser="sgd"),
        # ArcFace's steep scale on three untrained identities would make rounding grow.
        losses=replace(config.losses, map_weight=0.0, identification="cosface"),
    )
    still = replace(config.optimisation, steps=1, learning_rate=0.0)
    before = train(replace(config, optimisation=still), tmp_path / "still").state()["model"]
    one = train(config, tmp_path / "one")
    path = tmp_path / "config.toml"
    path.write_text(write_config(config))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-addr", "127.0.0.1", "--master-port", "0", "--rdzv-backend", "c10d"]
    command += ["--rdzv-endpoint", "127.0.0.1:0", str(ROOT / "main.py"), "train", str(path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        [*command, "--into", str(tmp_path / "two")],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    state = torch.load(tmp_path / "two" / "last.ckpt", weights_only=True)
    for name, tensor in one.state()["model"].items():
        torch.testing.assert_close(state["model"][name], tensor, atol=1e-5, rtol=1e-5, msg=name)
    moved = max(
        float((tensor - before[name]).abs().max())
        for name, tensor in one.state()["model"].items()
        if name.endswith("weight")
    )
    assert moved > 100 * 1e-5  # so that equal is not for want of learning
    losses = [float(row["total"]) for row in rows(tmp_path / "one")]
    np.testing.assert_allclose(
        [float(r["total"]) for r in rows(tmp_path / "two")], losses, atol=1e-5
    )


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))
