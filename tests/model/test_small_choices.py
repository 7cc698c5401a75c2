"""What runs where, how many faces at once, and how an input is told in words."""

from types import SimpleNamespace

import psutil
import pytest
import torch

from core.errors import XCosError
from core.model.card import shipped_weights
from core.model.device import batch_size, choose_device, shared_among, workers
from core.model.normalisation import CENTRED, UNCHANGED, UNIT, Normalisation, parse_normalisation
from core.model.verifier import Verifier

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("faces", "batch"), [(0, 1), (4, 1), (7.9, 1), (8, 2), (40, 10), (4 * 128, 128), (4000, 128)]
)
def test_a_batch_fills_a_quarter_of_the_free_memory(
    faces: float, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = int(faces * 24 * 2**20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    assert batch_size(CPU) == batch


@pytest.mark.parametrize(("cores", "count"), [(None, 1), (1, 1), (3, 3), (4, 4), (64, 4)])
def test_few_threads_share_the_cores(
    cores: int | None, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert workers(CPU) == count and workers(torch.device("cuda")) == 1


def test_threads_take_equal_shares_and_give_them_back() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(5)
        for count, share in ((2, 2), (5, 1), (7, 1)):
            with shared_among(count) as pool:
                assert pool.submit(torch.get_num_threads).result() == share
            assert torch.get_num_threads() == 5
    finally:
        torch.set_num_threads(before)


def test_devices_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_device("cpu") == CPU
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("cuda") == torch.device("cuda")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    for name in ("cuda:2", "cuda:99", "cpu:1"):
        with pytest.raises(XCosError, match=f"This machine has no device '{name}'; choose cpu"):
            choose_device(name)
    for name in ("tpu", "meta", "", "cuda:01", "cuda:\u0661", "cuda:100", "CPU"):
        with pytest.raises(XCosError, match=f"^There is no device '{name}'; choose auto, cpu, "):
            choose_device(name)
        with pytest.raises(XCosError, match=f"^There is no device '{name}'; choose auto, cpu, "):
            Verifier(shipped_weights()[0], name)  # though nothing may have to be computed


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (UNCHANGED, "x from 0 to 255 as it is"),
        (UNIT, "(x − 0) / 255"),
        (CENTRED, "(x − 127.5) / 127.5"),
        (
            Normalisation((1, 2, 3), (4, 4, 4)),
            "(x − (1, 2, 3)) / (4, 4, 4)",
        ),
        (
            Normalisation((1, 1, 1), (4, 5, 6)),
            "(x − (1, 1, 1)) / (4, 5, 6)",
        ),
    ],
)
def test_an_input_in_words_and_as_it_is_read_again(given: Normalisation, words: str) -> None:
    assert given.words == words and parse_normalisation(str(given)) == given


def test_an_input_that_cannot_be_is_refused() -> None:
    assert parse_normalisation(" None ") == UNCHANGED
    assert parse_normalisation("1,2,3,4,5,6") == Normalisation((1, 2, 3), (4, 5, 6))
    for text, told in (
        ("1,2,3", "is not understood"),
        ("a,b", "is not understood"),
        ("1,0", "divides by 0"),
        ("1,2,3,4,5,-6", "divides by -6"),
        ("nan,1", "not finite"),
        ("1,inf", "not finite"),
    ):
        with pytest.raises(XCosError, match=told):
            parse_normalisation(text)
