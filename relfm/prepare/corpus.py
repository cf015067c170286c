"""``prepare``: RelBench 3 folders, or anything that connects, to shards and an index of what they were made from."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import yaml

from relfm.benchmarks import tasks as hosted
from relfm.benchmarks.validation import marked
from relfm.connectors import connect
from relfm.connectors.rel_bench import is_folder, read_manifest
from relfm.database import Database
from relfm.errors import DataCannotAnswer, Refused, RelfmError, UsageError
from relfm.files import whole
from relfm.heads.episode import FOLDERS, save_episodes
from relfm.learned import learned
from relfm.prepare.episodes import episodes_of
from relfm.prepare.fingerprint import fingerprints
from relfm.prepare.recipe import MADE, SHARD, names_of, require_same, said_of
from relfm.pretrain.blocked import Blocked
from relfm.questions import usable_questions
from relfm.states import encode_database, encode_task
from relfm.task import Examples, TargetKind, Task
from relfm.tensors import TaskTensors, save_shard
from relfm.text import default_encoder

if TYPE_CHECKING:
    from relfm.model import RelationalModel

FORMAT = 1
INDEX = "corpus.json"
PRETRAIN = "pretrain"
MOST_LABELS = 20_000
SPLITS = (hosted.Split.TRAIN, hosted.Split.VAL)

Progress = Callable[[str], None]


def prepare(
    sources: Sequence[str | Path],
    out: Path,
    *,
    questions: int = 12,
    episodes: int = 0,
    states: str | Path | None = None,
    seed: int = 0,
    most_rows: int = 3_000_000,
    progress: Progress = lambda text: None,
) -> dict[str, Any]:
    """Shards of ``sources`` in folder ``out``, and what ``out/corpus.json`` says of them.

    Each shard holds the folder's hosted questions (train and val splits) and up to ``questions`` drawn ones that
    something can be learned from, with at most ``MOST_LABELS`` answers each. With ``episodes`` so many moments of each
    question are answered by the closed forms too, for the heads; ``states`` names the model whose learned states their
    rows then have in place of features. What is there already is not made again: UsageError, before anything is read,
    if it was made from another source, with another seed or number of questions or moments. UsageError too for two
    sources of one name and for a model without states; Refused for a benchmark's database or one that is for
    validation; DataCannotAnswer for one of more than ``most_rows`` rows.
    """
    named = names_of(for_pretraining(sources, progress))
    out.mkdir(parents=True, exist_ok=True)
    index = read_index(out)
    blocked = Blocked.read()
    model = None if states is None else states_model(states)
    kind = "features-head" if model is None else "states-head"
    folder, moments = FOLDERS[kind], {"episodes": episodes, "states": None if states is None else str(states)}
    recipes = {n: {"source": said_of(s), "seed": seed, "questions": questions} for n, s in named.items()}
    for name, recipe in recipes.items():
        entry = index["shards"].get(name, {})
        require_same(name, entry, SHARD, recipe, out / f"{name}.safetensors")
        if episodes:
            require_same(name, entry, folder, recipe | moments, out / folder / f"{name}.safetensors")
    for name, source in named.items():
        wanted = out / folder / f"{name}.safetensors"
        is_done = name in index["shards"] and (out / index["shards"][name]["file"]).is_file()
        if is_done and (not episodes or wanted.is_file()):
            progress(f"{name}: there already")
            continue
        progress(f"{name}: reading")
        check_size(name, rows_on_disk(Path(str(source))), most_rows)
        database = connect(source, cache=False)
        sketch, said = fingerprints(database), facts(source)
        if why := blocked.why(name, said["source"], set(sketch)):
            raise Refused(f"'{name}' {why}", hint="leave it out: no model is trained on what measures it")
        rows = sum(database.num_rows(t) for t in database.tables)
        check_size(name, rows, most_rows)
        asked = [*known_questions(source, database, questions, seed, progress)]
        if not is_done:
            made = {**index["shards"].get(name, {}).get(MADE, {}), SHARD: recipes[name]}
            entry = _shard(database, name, asked, out, seed)
            index["shards"][name] = entry | {"rows": rows, "fingerprints": sketch, **said, MADE: made}
        if episodes:
            generator = np.random.default_rng([seed, len(name)])
            progress(f"{name}: episodes of {len(asked)} questions")
            found = (
                episode
                for task, examples in asked
                for episode in episodes_of(
                    database, task, examples, generator, name=name, moments=episodes, model=model
                )
            )
            save_episodes(found, wanted)
            index["shards"][name].setdefault(MADE, {})[folder] = recipes[name] | moments
        write_index(out, index)
    return index


def for_pretraining(sources: Sequence[str | Path], progress: Progress) -> list[str | Path]:
    """Those that are databases (``corpus/*`` names its INDEX.md too); Refused if any is not for pretraining."""
    kept = [source for source in sources if Path(str(source)).suffix.lower() != ".md"]
    for source in sources:
        if source not in kept:
            progress(f"{Path(str(source)).name}: passed over, for it is no database")
    splits = [(Path(str(source)).name, split_of(source)) for source in kept]
    if others := [f"'{name}' ({split})" for name, split in splits if split != PRETRAIN]:
        raise Refused(
            f"not for pretraining: {', '.join(others)}",
            hint="leave them out: no model is trained on what models are chosen by",
        )
    return kept


def states_model(name: str | Path) -> "RelationalModel":
    """The network behind the learned states of that model; UsageError if it has none."""
    found = learned(name)
    if found is None or found.model is None:
        raise UsageError(f"model '{name}' has no learned states", hint="name one with states.safetensors")
    return found.model


def known_questions(
    source: str | Path, database: Database, count: int, seed: int, progress: Progress
) -> Iterator[tuple[Task, Examples]]:
    """Hosted questions with their stored answers for training and validation, then ``count`` drawn ones with theirs."""
    name = Path(str(source)).name
    if is_folder(Path(str(source))):
        dataset = hosted.load(source)
        for task_name in dataset.task_names:
            try:
                made = dataset.task(task_name)
            except RelfmError as error:
                progress(f"{name}: {task_name} left out: {error.message}")
                continue
            if made.task.kind is not TargetKind.RANKING:
                yield made.task, Examples.concatenate([made.splits[s] for s in SPLITS])
    for found in usable_questions(database, count, seed, left_out=lambda text: progress(f"{name}: {text}")):
        yield found.task, found.examples


def rows_on_disk(source: Path) -> int:
    """Rows of a RelBench folder as its files' footers say, 0 for any other source: nothing is read for it."""
    return sum(pq.ParquetFile(file).metadata.num_rows for file in sorted((source / "db").glob("*.parquet")))


def check_size(name: str, rows: int, most_rows: int) -> None:
    """DataCannotAnswer if a database has more rows than it may."""
    if rows > most_rows:
        raise DataCannotAnswer(f"'{name}' has {rows:,} rows", hint=f"--most-rows is {most_rows:,}: raise it")


def facts(source: str | Path) -> dict[str, str]:
    """source, licence and split, as far as a RelBench manifest, an INDEX.md or ``relfm synth`` says."""
    path = Path(str(source))
    manifest = path / "manifest.yaml"
    said = yaml.safe_load(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    text = str((said or {}).get("description") or "")
    licence = re.search(r"Licence: (.+?)\.(?:\s|$)", text)
    source_text = re.search(r"Source: (.+?)\.(?:\s|$)", text)
    is_made = path.name.startswith("synth") or "synthetic" in text.casefold()
    told = source_text.group(1) if source_text else path.name
    return {
        "source": f"synth {path.name}" if is_made else told,
        "licence": licence.group(1) if licence else "unknown",
        "split": split_of(source),
    }


def split_of(source: str | Path) -> str:
    """What a database is for: the ``split`` of its manifest, else "validate" where an INDEX.md beside it says so, else
    "pretrain"."""
    path = Path(str(source))
    said = read_manifest(path).get("split") if is_folder(path) else None
    places = {path.absolute(), path.resolve()}  # a link to a database leads to what is said beside that
    return str(said or ("validate" if any(map(_is_for_validation, places)) else PRETRAIN))


def _is_for_validation(path: Path) -> bool:
    try:
        return (path.stem if path.is_file() else path.name) in marked(path.parent, "validate")
    except UsageError:  # no INDEX.md, or none that marks databases for validation
        return False


def read_index(out: Path) -> dict[str, Any]:
    """The index of an earlier preparation, or an empty one."""
    path = out / INDEX
    if path.is_file():
        held = json.loads(path.read_text(encoding="utf-8"))
        if held.get("format") == FORMAT and held.get("text_dim") == default_encoder().dim:
            return held
    return {"format": FORMAT, "text_dim": default_encoder().dim, "shards": {}}


def write_index(out: Path, index: dict[str, Any]) -> None:
    with whole(out / INDEX) as unfinished:
        unfinished.write_text(json.dumps(index, indent=1), encoding="utf-8")


def _shard(
    database: Database, name: str, asked: Sequence[tuple[Task, Examples]], out: Path, seed: int
) -> dict[str, Any]:
    generator = np.random.default_rng([seed, 1])
    encoded = encode_database(database, default_encoder(), name=name)
    tasks: list[TaskTensors] = []
    for task, examples in asked:
        if len(examples) > MOST_LABELS:
            examples = examples.take(np.sort(generator.choice(len(examples), MOST_LABELS, replace=False)))
        encoded, made = encode_task(encoded, task, examples)
        tasks.append(made)
    path = out / f"{name}.safetensors"
    save_shard(replace(encoded.fill_all().tensors, tasks=tuple(tasks)), path)
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "questions": len(tasks)}
