"""What the README shows is run: commands, Python and questions, in order, in a folder that holds the sample shop.

A block is left out only if a comment before it says why: ``<!-- not run: needs a PostgreSQL server -->``.
"""

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Block:
    """A fenced block of the README: its first line's number, its language and why it is not run, if it is not."""

    line: int
    language: str
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"line {self.line}"


def blocks(language: str) -> list[Block]:
    found = []
    for match in BLOCK.finditer(README):
        if match["language"] == language:
            line = README[: match.start("text")].count("\n") + 1
            found.append(Block(line, language, match["text"], match["reason"]))
    return found


def run_or_skip(block: Block) -> Block:
    if block.reason:
        pytest.skip(block.reason)
    return block


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from relfm.sample import write_sqlite

    folder = tmp_path_factory.mktemp("readme")
    write_sqlite(folder / "shop.db", customers=150)
    return folder


@pytest.fixture(autouse=True)
def isolated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RELFM_DATABASE_URL", raising=False)
    monkeypatch.setenv("RELFM_CACHE_DIR", str(folder / "cache"))


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_commands_succeed(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    from relfm.cli.main import main

    commands = [line[2:] for line in run_or_skip(block).text.splitlines() if line.startswith("$ ")]
    assert commands
    for command in commands:
        name, *arguments = shlex.split(command, comments=True)
        assert name == "relfm", f"only relfm's own commands can be run: {command}"
        code = main(arguments)
        printed = capfd.readouterr()
        assert code == 0, printed.err
        written = [Path(arguments[i + 1]) for i, word in enumerate(arguments) if word == "-o"]
        assert all(path.stat().st_size for path in written) if written else printed.out.strip()


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_runs(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    exec(compile(run_or_skip(block).text, f"README.md, {block}", "exec"), {})
    assert capfd.readouterr().out.strip()


@pytest.mark.parametrize(
    "question", [line for block in blocks("text") for line in block.text.splitlines()], ids=lambda q: q[8:60]
)
def test_questions_mean_something_in_the_shop(question: str, folder: Path) -> None:
    import relfm
    from relfm.planning import resolve

    assert str(relfm.parse(str(relfm.parse(question)))) == str(relfm.parse(question))
    assert resolve(relfm.connect(str(folder / "shop.db")), question).english


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_schema_file_fits_the_shop(block: Block, folder: Path) -> None:
    import relfm

    file = folder / "facts.toml"
    file.write_text(run_or_skip(block).text)
    schema = relfm.connect(str(folder / "shop.db"), schema_file=file).schema
    for name, facts in tomllib.loads(block.text)["tables"].items():
        table = schema.table(name)
        stypes = facts.get("columns", {})
        assert table.time_column == facts.get("time_column", table.time_column)
        assert [table.column(c).stype for c in facts.get("exclude", ())] == [None] * len(facts.get("exclude", ()))
        assert {c: table.column(c).stype.value for c in stypes} == stypes
        links = [(tuple(k["columns"]), k["table"], tuple(k["other_columns"])) for k in facts.get("foreign_keys", ())]
        assert not links or [(k.columns, k.table, k.other_columns) for k in table.foreign_keys] == links
        assert "time_from" not in facts or list(table.time_from.columns) == facts["time_from"]


def test_every_block_is_run_or_says_why_not() -> None:
    languages = {match["language"] for match in BLOCK.finditer(README)}
    assert languages == {"console", "python", "text", "toml", ""}
    assert sum(block.reason is None for block in blocks("console")) >= 3
