"""Published forms of pairs: .bin without its code, RecordIO, frames, identity folders."""

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.cli import main
from core.errors import XCosError
from core.evaluation.insightface_bin import read_bin
from core.evaluation.occlusion_curve import SHARES, masked, occlusion_curve
from core.evaluation.pair_lists import read_splits
from core.evaluation.protocol import identity_pairs
from core.evaluation.results import evaluate, intervals, table, to_markdown
from core.evaluation.verification import ProtocolPairs
from core.model.card import ModelCard
from core.progress import QUIET
from core.training.recordio import HEADER, MAGIC, RecordSource

FORMATS = Path(__file__).parents[3] / "shared" / "data" / "formats"
needs_formats = pytest.mark.skipif(not FORMATS.exists(), reason="the format samples are not here")


@needs_formats
@pytest.mark.parametrize("name, pairs", [("lfw60", 60), ("lfw60_python2", 20), ("lfw60_numpy", 20)])
def test_published_bins(name: str, pairs: int) -> None:
    images, same = read_bin(FORMATS / f"{name}.bin")
    assert len(images) == 2 * pairs and len(same) == pairs and 0 < same.sum() < pairs


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemError('ran')",))


@pytest.mark.parametrize("protocol", range(6))
def test_bin_that_carries_code_is_refused(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "evil.bin"
    path.write_bytes(pickle.dumps(([b"x", Evil()], [True]), protocol))
    with pytest.raises(XCosError, match=r"evil\.bin .*it asks for \w+\.exec"):
        read_bin(path)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("as_array", [True, False])
def test_bins_of_any_protocol(tmp_path: Path, protocol: int, as_array: bool) -> None:
    path = tmp_path / "a.bin"
    image = np.arange(12, dtype=np.uint8)
    images = [image if as_array else image.tobytes()] * 4
    path.write_bytes(pickle.dumps((images, [True, np.bool_(False)]), protocol))
    found, same = read_bin(path)
    assert found == [image.tobytes()] * 4 and same.tolist() == [True, False]


@settings(max_examples=30)
@given(st.integers(0, 400))
def test_bin_cut_off_anywhere_is_told(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.bin"
    whole = pickle.dumps(([b"x" * 100] * 4, [True, False]), 4)
    path.write_bytes(whole[: min(at, len(whole) - 1)])
    with pytest.raises(XCosError, match=r"a\.bin"):
        read_bin(path)


def jpeg(value: int) -> bytes:
    import io

    buffer = io.BytesIO()
    Image.new("RGB", (112, 112), (value, value, value)).save(buffer, "PNG")
    return buffer.getvalue()


def write_records(folder: Path, contents: list[bytes]) -> None:
    offsets, data = [], b""
    for content in contents:
        offsets.append(len(data))
        data += struct.pack("<II", MAGIC, len(content)) + content + b"\0" * (-len(content) % 4)
    (folder / "train.rec").write_bytes(data)
    lines = [f"{key}\t{offset}\n" for key, offset in enumerate(offsets)]
    (folder / "train.idx").write_text("".join(lines))


def labelled(label: float, content: bytes) -> bytes:
    return HEADER.pack(0, label, 0, 0) + content


def test_records_without_identity_records(tmp_path: Path) -> None:
    write_records(tmp_path, [labelled(3, jpeg(10)), labelled(5, jpeg(90))])
    source = RecordSource(tmp_path)
    assert source.identities.tolist() == ["000003", "000005"]
    assert source.read(1)[0, 0].tolist() == [90, 90, 90]


@needs_formats
@pytest.mark.parametrize(
    "name, images, people", [("recordio", 240, 6), ("recordio_label_arrays", 80, 2)]
)
def test_published_records(name: str, images: int, people: int) -> None:
    source = RecordSource(FORMATS / name)
    assert len(source.identities) == images and len(set(source.identities)) == people
    assert all(source.read(n).shape == (112, 112, 3) for n in (0, images // 2, images - 1))


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=8), st.integers(0, 300))
def test_damaged_records_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("rec")
    first = HEADER.pack(2, 0, 0, 0) + struct.pack("<2f", 3, 5)
    spans = [HEADER.pack(2, 0, 0, 0) + struct.pack("<2f", *s) for s in ((1, 2), (2, 3))]
    write_records(folder, [first, labelled(0, jpeg(1)[:40]), labelled(1, jpeg(2)[:40]), *spans])
    data = bytearray((folder / "train.rec").read_bytes())
    data[at : at + len(noise)] = noise
    (folder / "train.rec").write_bytes(data)
    try:
        source = RecordSource(folder)
        for number in range(len(source.identities)):
            source.read(number)
    except XCosError as error:
        assert "train.rec" in str(error)


def test_videos_of_splits(tmp_path: Path) -> None:
    path = tmp_path / "splits.txt"
    path.write_text(
        "split number, first name, second name, similarity, is same?\n"
        "1, Ann/0, Ann/2, 0.5, 1\n2, Ann/0, Bob/1, 0.1, 0\n"
    )
    pairs = read_splits(path)
    assert pairs.frames and pairs.left == ("Ann/0", "Ann/0") and pairs.right == ("Ann/2", "Bob/1")
    assert pairs.same.tolist() == [True, False] and pairs.folds is not None


def test_identity_folder_gives_seeded_pairs(crops: Path) -> None:
    one, other = identity_pairs(crops, 5), identity_pairs(crops, 5)
    assert one.left == other.left and one.right == other.right
    assert one.same.sum() == (~one.same).sum() <= 5
    assert len({*zip(one.left, one.right, strict=True)}) == len(one.left)
    for left, right, same in zip(one.left, one.right, one.same, strict=True):
        assert (Path(left).parent == Path(right).parent) == same


def test_report_of_an_identity_folder(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(crops), "--model", str(tiny_weights), "--aligned", "--occlusion"]
    arguments += ["--cache", str(tmp_path / "c.sqlite"), "-o", str(tmp_path / "report")]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "xCos, learned attention" in told and "accuracy % by masked %" in told
    names = {path.name for path in (tmp_path / "report").iterdir()}
    plots = {"roc.png", "det.png", "histograms.png", "occlusion.png"}
    assert names == {"results.json", "table.md", "table.csv", *plots}


def test_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(0)
    same = np.arange(400) % 2 == 0
    scores = rng.normal(size=400) + 2.0 * same
    found = intervals(scores, same, None)
    low, high = found["auc"]
    assert low < 0.921 < high and high - low < 0.1  # Phi(2 / sqrt 2) = 0.921
    # The best threshold lets some of each sort through: the normal law's interval of a share.
    low, high = found["accuracy"]
    right = (low + high) / 2
    spread = 2 * 1.96 * np.sqrt(right * (1 - right) / 400)
    assert high - low == pytest.approx(spread, rel=0.1)
    card = ModelCard("m", Path("m"), "", "xcos", "thin")
    pairs = ProtocolPairs(("a",) * 400, ("b",) * 400, same, None)
    result = evaluate("p", card, "both", {"learned": scores, "fc": None}, pairs, 0)
    assert [row[0] for row in table(result)] == ["scores", "xCos, learned attention"]
    assert to_markdown(result).count("|") > 20


def test_occlusion_curve_masks_what_it_says() -> None:
    crops = np.zeros((5, 112, 112, 3), np.uint8)
    hidden = masked(crops, 0.4)
    assert 0.4 <= (hidden[..., 0] > 0).mean() < 0.45
    assert not np.array_equal(hidden[0], hidden[1])
    np.testing.assert_array_equal(hidden, masked(crops, 0.4))
    same = np.array([True, False])

    def score(faces: np.ndarray) -> dict[str, np.ndarray | None]:
        shown = 1 - (faces[..., 0] > 0).mean()
        return {"learned": np.array([shown, 0.55]), "fc": None}

    curve = occlusion_curve(crops, score, same, None, QUIET)
    assert curve.shares == SHARES and curve.accuracies["learned"][0] == 1
    assert curve.accuracies["learned"][-1] == 0.5
