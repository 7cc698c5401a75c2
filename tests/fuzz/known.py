"""Faults that are known and not mended yet, by reader: to be emptied, never to be filled."""

KNOWN: dict[str, frozenset[str]] = {
    "photos": frozenset(("RuntimeError in photo.py:_decoded",)),
    "frames": frozenset(("RuntimeError in photo.py:_pixels",)),
    "tables": frozenset(
        (
            "ValueError in verification.py:read_lfw_pairs",
            "long: … line N: … is not NAME I J or NAME I NAME J.",
        )
    ),
    "weights": frozenset(
        (
            "TypeError in xcos.py:__init__",
            "wrong: scores are not finite",
        )
    ),
    "checkpoints": frozenset(("unnamed: An IR network of N units is none of N, N or N layers.",)),
    "projects": frozenset(("RecursionError in project.py:refresh",)),
    "own-projects": frozenset(
        (
            "RecursionError in project.py:_text",
            "RecursionError in project.py:refresh",
        )
    ),
    "caches": frozenset(
        (
            "OSError in cache.py:crop",
            "TypeError in cache.py:_vector",
            "TypeError in cache.py:features",
            "UnidentifiedImageError in cache.py:crop",
            "wrong: other features, without a word",
        )
    ),
    "toml": frozenset(
        (
            "OverflowError in config.py:_value",
            "RecursionError in config.py:parse_config",
            "long: … losses.cosine_weight is [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
            "long: … losses.uniform_weight is …, but must be float.",
        )
    ),
    "filters": frozenset(
        (
            "long: The filter … is not understood at column N, at its end: an o",
            "long: The filter … is not understood at column N, near …: a closin",
            "long: The filter … is not understood at column N, near …: a condit",
            "long: The filter … is not understood at column N, near …: a value ",
            "long: The filter … is not understood at column N, near …: an opera",
            "long: The filter … is not understood at column N, near …: it is no",
            "long: The filter … is not understood at column N, near …: region()",
            "long: The filter … is not understood at column N, near …: … or … i",
        )
    ),
    "runs": frozenset(
        (
            "BadZipFile in watch.py:<dictcomp>",
            "BadZipFile in watch.py:_pair",
            "TypeError in watch.py:look",
            "ValueError in watch.py:look",
        )
    ),
}
