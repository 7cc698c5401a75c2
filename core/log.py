"""What is kept of errors that nobody foresaw."""

from pathlib import Path

import platformdirs


def unexpected(details: str) -> str:
    """Keep the details of an error that nobody foresaw, and the sentence that says where."""
    log = Path(platformdirs.user_log_dir("xcos-studio", False)) / "errors.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(details + "\n")
        return f"Something went wrong that should not; please report it with the details in {log}."
    except OSError:
        last = (details.strip() or "nothing more is known").splitlines()[-1]
        return f"Something went wrong that should not ({last}); please report it."
