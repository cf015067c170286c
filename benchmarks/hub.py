"""Datasets by name: fetched from the Hugging Face Hub through relbench, and only when no local folder was named.

Nothing is fetched that was not asked for by name, and a missing network is one clear error.
"""

from pathlib import Path

from relfm.errors import ConnectionFailed, UsageError


def download(name: str) -> Path:
    """The local copy of the dataset hosted as ``name``; ConnectionFailed if it cannot be had.

    RelBench hosts some tasks apart from their database; those are not fetched.
    """
    try:
        from relbench import hf
    except ImportError:
        raise UsageError(
            f"'{name}' is no local folder, and names are looked up through relbench, which is not installed",
            hint="pip install 'relfm[benchmarks]', or name a local dataset folder",
        ) from None
    try:
        folder = hf.download_dataset_dir(name)
    except Exception as error:  # the Hub client raises errors of five libraries; none of them is ours to name
        raise ConnectionFailed(
            f"'{name}' is no local folder and could not be fetched from the Hub ({type(error).__name__})",
            hint="check the name and the network, or name a local dataset folder",
        ) from None
    if not (folder / "manifest.yaml").is_file():
        raise ConnectionFailed(f"the Hub hosts no RelBench dataset '{name}'", hint="for example: rel-f1, rel-stack")
    return folder
