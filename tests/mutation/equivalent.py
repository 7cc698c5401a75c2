"""Mutants that change nothing anyone could see, by their key, each with the reason."""

EQUIVALENT: dict[str, str] = {
    "core/training/hiding.py: np.arange(corners) + rng.uniform(-0.3, 0.3, corners) -> "
    "(np.arange(corners) - rng.uniform(-0.3, 0.3, corners))": "The draw is symmetric about 0, so "
    "the corners are as likely to be there.",
    "core/training/positive_mining.py: torch.empty(len(rows), 0, device=self._device) -> "
    "torch.empty(len(rows), 0)": "On a CPU it is the same, and on a GPU joining the two fails at once.",
    "core/scoring/lists.py: 3 -> 2": "The lists that are kept together are of one length.",
    "core/training/parallel.py: device.type == \"cuda\" -> (device.type != 'cuda')": "Without a "
    "second GPU no device has a number; run by hand where there is one.",
}
