"""Rules of the house that a machine can keep: what may import what, what is shipped, how long and how named things are.

They are read from the source, so that a rule holds for code that no test runs too.
"""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("relfm", "connectors", "cli", "benchmarks")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()

ORDER = (
    {"errors"},
    {"arguments", "stype", "schema", "times", "threads", "distinct", "files"},
    {"text", "tensors", "reading", "history"},
    {"sampler", "heads"},
    {"model"},
    {"checkpoint"},
    {"database"},
    {"task"},
    {"query"},
    {"labels", "context"},
    {"graph"},
    {"moments", "rewritten"},
    {"doubts"},
    {"asked", "metrics"},
    {"planning", "label_table"},
    {"features"},
    {"states", "learned"},
    {"experts", "calibration"},
    {"panels"},
    {"answer", "ranking", "effects"},
    {"frames", "scoring", "feature_table"},
    {"predictor", "backtest", "explain"},
)
"""A module imports from its own layer and from those before it."""

LEARNED = {"errors", "files", "times", "threads", "history", "tensors", "sampler", "heads", "model", "checkpoint"}
"""What pretraining stands on; none of it needs Arrow, SQLAlchemy or pandas."""

APART = {
    "sample": {"errors", "files"},
    "synth": {"errors", "files", "times"},
    "objectives": LEARNED,
    "pretrain": LEARNED | {"objectives"},
    "adaptation": set().union(*ORDER) | {"objectives", "pretrain"},
    "questions": set().union(*ORDER),
    "prepare": set().union(*ORDER) | {"connectors", "questions", "benchmarks", "pretrain"},
    "connectors": {"errors", "arguments", "stype", "schema", "reading", "times", "database"},
    "benchmarks": set().union(*ORDER)
    | {"connectors", "synth", "objectives", "pretrain", "questions", "sample"}
    | {"adaptation"},
    "__main__": {"cli"},
    "cli": set().union(*ORDER)
    | {"connectors", "benchmarks", "sample", "synth", "pretrain", "prepare", "questions", "adaptation"},
}
"""What stands beside the order, and what each may import besides itself."""

FORBIDDEN_FILES = {"utils", "util", "helpers", "helper", "misc", "common"}


def part_of(path: Path) -> str:
    """The part of relfm that a file belongs to: ``relfm/query/parse.py`` to query, ``cli/main.py`` to cli."""
    folder, *rest = path.relative_to(ROOT).with_suffix("").parts
    return folder if folder != "relfm" else rest[0]


def imported_parts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, part) of every import of relfm, lazy ones and those for type checkers too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"relfm.{a.name}" for a in node.names] if node.module == "relfm" else [node.module or "relfm.?"]
        else:
            continue
        yield from ((node.lineno, name.split(".")[1]) for name in names if name.startswith("relfm."))


def may_import(part: str) -> set[str]:
    if part in APART:
        return APART[part] | {part}
    layer = next(i for i, names in enumerate(ORDER) if part in names)
    return set().union(*ORDER[: layer + 1])


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [p for p in SOURCES if named(p) != "relfm/__init__.py"], ids=named)
def test_imports_point_one_way(path: Path) -> None:
    allowed = may_import(part_of(path))
    wrong = [f"line {n} imports {p}" for n, p in imported_parts(ast.parse(path.read_text())) if p not in allowed]
    assert not wrong


def test_every_module_has_a_place_in_the_order() -> None:
    parts = {part_of(path) for path in SOURCES} - {"__init__", "__main__"}
    assert parts <= set().union(*ORDER, APART)


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=named)
def test_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_half_of_the_files_have_at_most_140_lines() -> None:
    assert statistics.median(len(path.read_text().splitlines()) for path in SOURCES) <= 140


def test_functions_are_short() -> None:
    lengths = sorted(f.end_lineno - f.lineno + 1 for path in SOURCES for f in functions(ast.parse(path.read_text())))
    assert lengths[int(0.95 * len(lengths))] <= 45


def test_every_package_is_shipped() -> None:
    settings = PROJECT["tool"]["setuptools"]
    in_tree = {
        ".".join((*(() if path.parts[0] == "relfm" else ("relfm",)), *path.parts))
        for path in (p.parent.relative_to(ROOT) for p in SOURCES if p.name == "__init__.py")
    }
    assert set(settings["packages"]) == in_tree
    assert settings["package-dir"] == {"relfm": "relfm", **{f"relfm.{f}": f for f in FOLDERS if f != "relfm"}}


def test_every_data_file_is_shipped() -> None:
    shipped = PROJECT["tool"]["setuptools"]["package-data"]
    for path in (p for folder in FOLDERS for p in (ROOT / folder).rglob("*") if p.is_file()):
        if path.suffix in {".py", ".pyc", ".md"} or "__pycache__" in path.parts:
            continue
        home = next(p for p in path.parents if (p / "__init__.py").is_file())  # data may lie in folders of a package
        package = ".".join(home.relative_to(ROOT).parts)
        package = package if package.startswith("relfm") else f"relfm.{package}"
        assert any(path.match(pattern) for pattern in shipped.get(package, [])), named(path)


def test_every_dependency_is_pinned() -> None:
    project = PROJECT["project"]
    asked = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    names = {re.split(r"[\[<>=!~ ]", requirement)[0].lower() for requirement in asked} - {"relfm"}
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert names <= {line.partition("==")[0] for line in lines}
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in lines)


@pytest.mark.parametrize(
    "code",
    [
        "from relfm.cli.main import main; main(['--help'])",
        "import relfm",
        "import relfm.connectors",
        "import relfm.query",
        "import relfm.labels",
        "import relfm.sample",
    ],
)
def test_torch_is_not_imported_before_it_is_needed(code: str) -> None:
    check = f"{code}; import sys; print(sorted({{'torch', 'torch_frame', 'torch_geometric'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_is_light() -> None:
    check = "from relfm.cli.main import main; main(['--help']); import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert not {"pandas", "duckdb", "pyarrow", "scipy"} & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_names_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text())
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    defined = [f.name for f in functions(tree)]
    stored = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    arguments = [n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)]
    assert path.stem not in FORBIDDEN_FILES
    assert [c for c in classes if c.startswith("Base")] == []
    assert [f for f in defined if re.match(r"_?(get|do)_", f)] == []
    assert [n for n in stored + arguments if re.search(r"_(dict|list|tensor)$", n)] == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_every_function_is_typed(path: Path) -> None:
    untyped = []
    for function in functions(ast.parse(path.read_text())):
        arguments = function.args
        named_arguments = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every = [*named_arguments, *filter(None, (arguments.vararg, arguments.kwarg))]
        missing = [a.arg for a in every if a.annotation is None and a.arg not in ("self", "cls")]
        if missing or function.returns is None:
            untyped.append(f"line {function.lineno}: {function.name} {missing}")
    assert untyped == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_left_over_comments(path: Path) -> None:
    assert re.findall(r"(?m)(?:\bTODO\b|\bFIXME\b|\bXXX\b|^\s*#\s*[-=#*]{4,})", path.read_text()) == []


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name == "__init__.py"], ids=named)
def test_init_files_hold_exports_only(path: Path) -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
    if named(path) == "relfm/__init__.py":
        allowed += (ast.FunctionDef, ast.If)  # connect and its like are imported when they are called
    assert [type(node).__name__ for node in ast.parse(path.read_text()).body if not isinstance(node, allowed)] == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree)


def test_every_command_is_documented() -> None:
    from relfm.cli.app import app

    commands = [command.name for command in app.registered_commands]
    assert commands
    assert [c for c in commands if not re.search(rf"relfm {c}\b", README)] == []


def test_every_exit_code_is_documented() -> None:
    errors = (ROOT / "relfm" / "errors.py").read_text()
    codes = {int(code) for code in re.findall(r"exit_code = (\d+)", errors)} | {0, 1, 70, 130}
    assert [code for code in sorted(codes) if not re.search(rf"(?m)^\| `?{code}`? \|", README)] == []
