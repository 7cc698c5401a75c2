"""What goes in parts where there is much of it goes in parts in tests too, which have little."""

import sys

from core.scoring.matrix import ScoreMatrix

LEAST_TILES = 3

# Constants of loops whose second turn tests with a dozen faces would never see.
SMALL = {
    "core.analysis.fragile": {"FACES_AT_ONCE": 2},
    "core.analysis.labels.findings": {"ROWS": 5},
    "core.analysis.selection": {"ROWS_A_TURN": 3},
    "core.evaluation.protocol": {"CHUNK": 7},
    "core.explain.maps": {"PAIRS_A_TURN": 5},
    "core.gallery.cache": {"CHUNK": 3},
    "core.model.own_layer": {"UNITS": 64},
    "core.query.evaluate": {"PAIRS_AT_ONCE": 11, "TILE": 4},
    "core.scoring.blocks": {"CELLS_A_TILE": 60},
    "core.scoring.candidates": {"CHUNK": 5},
    "core.scoring.engine": {"PAIRS_AT_ONCE": 13, "PAIRS_A_TURN": 50},
    "core.scoring.hardness": {"FACES_A_TURN": 3},
    "core.scoring.selected": {"CELLS_A_TILE": 60},
    "core.training.data": {"CHUNK": 5},
    "core.training.encoding": {"BATCH": 4},
    "core.training.frozen": {"CHUNK": 5},
    "core.training.positive_mining": {"ROWS": 6, "COLUMNS": 7},
    "core.training.target_cache": {"CHUNK": 5},
}


def go_in_parts() -> None:
    """Make parts small in all modules that are loaded."""
    for name, constants in SMALL.items():
        module = sys.modules.get(name)
        for constant, value in constants.items() if module is not None else ():
            assert hasattr(module, constant), f"{name} has no {constant} any more"
            setattr(module, constant, value)


def tiles(matrix: ScoreMatrix, height: int | None = None) -> list[slice]:
    """Row slices that cover a matrix, three at least where it has three rows."""
    usual = height or max(1, -(-len(matrix.scores) // LEAST_TILES))
    return [slice(at, at + usual) for at in range(0, len(matrix.scores), usual)]
