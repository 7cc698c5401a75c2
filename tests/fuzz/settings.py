"""What the program is told, and what runs tell: settings as TOML, filters, folders of runs."""

import json
import math
from pathlib import Path
from random import Random

import numpy as np

from core.query.language import fields_of, parse
from core.resources import resource_path
from core.training.checks import contradiction
from core.training.config import missing_paths, parse_config, read_config, write_config
from core.training.run_files import LOG, PAIR, STATUS, VALIDATION
from core.training.watch import look
from tests.fuzz.harness import Reader, Wrong
from tests.fuzz.mutation import VALUES, confused, mutated, nested


class Toml(Reader):
    """Settings of runs: what is read can be written and is then read as the same."""

    name = "toml"
    quick = 150

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "config.toml"
        self._seeds = [path.read_text() for path in sorted(resource_path("presets").glob("*.toml"))]

    def mutant(self, rng: Random) -> bytes:
        seed, how = rng.choice(self._seeds), rng.random()
        if how < 0.4:
            return mutated(seed.encode(), rng)
        if how < 0.43:
            return rng.choice((b"a = " + b"[" * 5000, b"[" + b"a." * 5000 + b"a]", b"\0"))
        lines = seed.split("\n")
        keyed = [n for n, line in enumerate(lines) if "=" in line and not line.startswith("#")]
        for _ in range(rng.choice((1, 1, 2))):
            place = rng.choice(keyed)
            value = rng.choice((*VALUES, "1979-05-27T07:32:00Z", nested(300)))
            text = rng.choice((json.dumps(value), str(value).lower(), "{ 'a b' = 1 }"))
            lines[place] = f"{lines[place].split('=')[0]}= {text}"
        return "\n".join(lines).encode("utf-8", "surrogatepass")

    def read(self) -> None:
        config = read_config(self.path)
        missing_paths(config), contradiction(config, 1)
        text = write_config(config)
        if write_config(parse_config(text, self.path)) != text:
            raise Wrong("settings that are written are read as others")


class Filters(Reader):
    """Filters on pairs: what is understood is said in words that mean the same."""

    name = "filters"
    quick = 300
    names = False

    SEEDS = (
        "score > 0.4 and (outcome = FP or not genuine)", 'note ~ "q\\"*" or tag != x',
        "region(mouth) >= 30,5 % and margin < -.2e3", "not not fragile", 'photo ~ ?a*/\u00e9*.jpg',
        "identity = Ann Lee and left_identity ~ *b", "decision = accept",
    )  # fmt: skip
    PARTS = ("not ", "(", ")", '"', "*a" * 8, "?", "%", " and ", " or ", "region(", "~", "=", "\0")

    def mutant(self, rng: Random) -> bytes:
        text = rng.choice(self.SEEDS)
        if rng.random() < 0.4:
            return mutated(text.encode(), rng)
        for _ in range(rng.choice((1, 1, 3))):
            place = rng.randrange(len(text))
            text = text[:place] + rng.choice(self.PARTS) * rng.choice((1, 1, 9, 600)) + text[place:]
        return text.encode()

    def read(self) -> None:
        text = self.path.read_bytes().decode("utf-8", "replace")
        expression = parse(text)
        fields_of(expression)
        if parse(str(expression)) != expression:
            raise Wrong("its own words mean something else")


class Runs(Reader):
    """Folders of runs as the training window looks at them every second."""

    name = "runs"
    quick = 150
    names = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        status = {"state": "running", "what": "Training", "done": 3, "total": 9, "pid": 1}
        table = b"step,loss,seconds_per_step\n1,0.5,0.1\n2,nan,0.1\n3,0.25,\n"
        np.savez(
            folder / PAIR, step=3, crops=np.zeros((2, 112, 112, 3), np.uint8),
            cosine=np.zeros((7, 7), np.float32), attention=np.full((7, 7), 1 / 49, np.float32),
        )  # fmt: skip
        pair = (folder / PAIR).read_bytes()
        self._status = status
        self._seeds = {
            STATUS: json.dumps(status).encode(),
            LOG: table,
            VALIDATION: table,
            PAIR: pair,
        }

    def mutant(self, rng: Random) -> bytes:
        name = rng.choice([*self._seeds])
        self.path = self.folder / name
        if name == STATUS and rng.random() < 0.6:
            return confused(self._status, rng)
        return mutated(self._seeds[name], rng)

    def place(self, data: bytes) -> None:
        for name, seed in self._seeds.items():
            (self.folder / name).write_bytes(seed)
        super().place(data)

    def read(self) -> None:
        view = look(self.folder)
        left = view.seconds_left
        if left is not None and not math.isfinite(left):
            raise Wrong("the time left is not finite")
        if view.pair:
            shapes = {name: view.pair[name].shape for name in ("crops", "cosine", "attention")}
            if shapes != {"crops": (2, 112, 112, 3), "cosine": (7, 7), "attention": (7, 7)}:
                raise Wrong("the pair's shapes")
            if not np.isfinite(view.pair["cosine"]).all():
                raise Wrong("the pair's maps are not finite")
