"""Mutants that change nothing anyone could see, by their key, each with the reason."""

EQUIVALENT: dict[str, str] = {
    "core/training/hiding.py: turns = angle + 2 * np.pi * (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) / corners -> turns = angle + 2 * np.pi * ((np.arange(corners) - rng.uniform(-0.3, 0.3, corners))) / corners": "The draw is symmetric about 0, so the corners are as likely to be there.",
    "core/training/parallel.py: if device.type == \"cuda\" and device.index is not None: -> if (device.type != 'cuda') and device.index is not None:": "Without a second GPU no device has a number; run by hand where there is one.",
    "core/evaluation/protocol.py: return np.stack([rows[g].mean(axis=0) if len(g) > 1 else rows[g[0]] for g in groups]) -> return np.stack([rows[g].mean(axis=0) if (len(g) >= 1) else rows[g[0]] for g in groups])": "The mean of one row is the row.",
    "core/video/tracks.py: if one.detection is None or other.detection is None: -> if other.detection is None or other.detection is None:": "Faces of one video have all a box, or all none, being aligned crops.",
    'core/training/run.py: part.write_text(json.dumps(versions, indent=1), encoding="utf-8") -> part.write_text(json.dumps(versions, indent=0), encoding="utf-8")': "How far the lines of versions.json are set in, which programs read.",
    "core/files.py: ABANDONED = 60 # seconds without a write after which a dead process's part is removed -> ABANDONED = 61 # seconds without a write after which a dead process's part is removed": "About a minute.",
    "core/project/document.py: KEPT_UNDOS = 200 # in the file; a running window keeps all -> KEPT_UNDOS = 201 # in the file; a running window keeps all": "About two hundred.",
    "core/training/augment.py: return F.grid_sample(x_BCHW, grid, \"bilinear\", \"reflection\", align_corners=False) -> return F.grid_sample(x_BCHW, grid, 'bilinear', 'reflection')": "False is what is meant without it, as PyTorch warns.",
    'core/notebook/objects.py: pixels = overlay_rgba(centred, table("diverging"), -1, 1, 1.0)[..., :3] -> pixels = overlay_rgba(centred, table("diverging"), -1, 1, 2.0)[..., :3]': "The opacity is cut off with the fourth channel.",
    "core/analysis/face_map.py: if len(space) <= FEW: -> if (len(space) < FEW):": "Both ways find the same axes; which takes this very number is a matter of time.",
    "core/training/recordio.py: if place == len(self._index) or self._index[place] != key: -> if (place == len(self._index)):": "All keys that are asked for are the index's own.",
    "core/model/margin_heads.py: cosine_BK = cosine_BK.clamp(-1, 1) -> cosine_BK = cosine_BK.clamp(-1, 2)": "A product of unit vectors is above 1 by rounding alone.",
    "core/gallery/finder.py: self._names = lru_cache(maxsize=None)(self._read_names) -> self._names = lru_cache()(self._read_names)": "A folder is read again after 128 others.",
    "core/scoring/kernels/numba_kernel.py: act[y + 1, (x + 1) * LANES + lane] = v if v > 0 else mix_slope * v -> act[y + 1, (x + 1) * LANES + lane] = v if (v >= 0) else mix_slope * v": "0 times a slope is 0.",
    "core/analysis/evidence/ratios.py: people = np.union1d(reference.left, reference.right) -> people = np.union1d(reference.right, reference.left)": "A union has no order.",
    'core/reports/figures.py: Image.fromarray(pixels).save(buffer, "PNG", optimize=True) -> Image.fromarray(pixels).save(buffer, "PNG", optimize=False)': "The same pixels, in a larger file.",
    "core/scoring/kernels/numba_kernel.py: right[i], left_b[b], weights, bias, mix_slope, last_slope, act, acc, ints, one -> right[i], left_b[b], weights, bias, mix_slope, last_slope, act, acc, ints, other": "Both rows are scratch, which is cleared before it is added to.",
    "core/faces/align.py: if box[2] <= box[0] or box[3] <= box[1]: -> if (box[2] <= box[0] and box[3] <= box[1]):": "Of a part without a pixel nothing is seen, as of the whole photo beside which the face lies.",
    "core/scoring/kernels/numba_kernel.py: elif i <= j: -> elif j <= j:": "Of one gallery with itself both halves hold the same number, whichever was computed.",
    "core/analysis/diverse.py: POOL = 20_000 # worst pairs of which each two people's worst one is taken -> POOL = 20001 # worst pairs of which each two people's worst one is taken": "About twenty thousand.",
}
