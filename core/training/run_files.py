"""Names of the files in a run's folder."""

CONFIG, STATUS, STOP = "config.toml", "status.json", "stop"
LOG, VALIDATION, PAIR = "log.csv", "validation.csv", "pair.npz"
PROBLEMS = "problems.txt"
