"""A run's process by its number, which may be another's by now."""

import json
import os
from pathlib import Path

import psutil

from core.training.run_files import STATUS, status_text
from core.training.watch import look


def test_a_number_that_a_later_process_has_is_no_sign_of_life(tmp_path: Path) -> None:
    told = tmp_path / STATUS
    told.write_text(status_text("running", "Training", 3, 9, os.getpid()))
    assert look(tmp_path).state == "running"
    before = psutil.Process().create_time() - 3600  # when the machine was not yet started anew
    os.utime(told, (before, before))
    view = look(tmp_path)
    assert view.state == "ended" and view.what == "Training"
    assert json.loads(told.read_text())["state"] == "running"  # and the file stays
