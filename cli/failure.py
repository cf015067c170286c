"""What a failure looks like: one clear error on stderr and a documented exit code, never a traceback, never a secret.

0 ok · 1 ran, with a finding · 2 usage or question · 3 cannot connect · 4 the data cannot answer · 5 resources ·
6 refused · 70 a bug of ours · 130 interrupted.
"""

import os
import platform
import sys
import tempfile
import traceback
import unicodedata
from collections.abc import Iterable, Sequence

from relfm.cli.scrub import scrub
from relfm.errors import QuestionError, RelfmError, is_full_disk

_OF_OTHER_TOOLS = {
    "anchor-time": "the moment of the prediction is --at",
    "as-of": "the moment of the prediction is --at",
    "cutoff": "the moment of the prediction is --at",
    "indices": "the entities are --for 1,2",
    "ids": "the entities are --for 1,2",
    "run-mode": "how much work to spend is --effort fast, default or best",
    "output": "where to write the rows is -o FILE",
    "device": "predictions are made on the CPU; `relfm pretrain` has --device",
    "evaluate": "`relfm backtest` scores a question at past cutoffs",
    "score": "`relfm backtest` scores a question at past cutoffs",
    "train": "`relfm predict` needs no training; `relfm pretrain` makes networks for all databases",
    "fit": "`relfm predict` needs no training; `relfm pretrain` makes networks for all databases",
    "finetune": "`relfm predict --adapt trees` fits boosted trees to the question",
    "forecast": "`relfm predict` forecasts: PREDICT SUM(orders.total, 0, 7, days) FORECAST 4 TIMEFRAMES FOR EACH …",
    "schema": "`relfm describe` shows the schema",
}
"""What is written by those who come from other tools, and how it is asked here."""

FINDING = 1
USAGE = 2
RESOURCES = 5
BUG = 70
INTERRUPTED = 130


def explain(error: BaseException, arguments: Sequence[str], secrets: Iterable[str]) -> tuple[str, int]:
    """The text for stderr and the exit code. An unforeseen error leaves a report in a file that the text names."""
    if isinstance(error, RelfmError):
        text, code = _lines(error), error.exit_code
    elif isinstance(error, KeyboardInterrupt | EOFError) or type(error).__name__ == "Abort":
        text, code = "interrupted", INTERRUPTED
    elif isinstance(error, MemoryError) or is_full_disk(error):
        what = "not enough memory" if isinstance(error, MemoryError) else "the disk is full"
        text, code = f"error: {what}\n  hint: --limit and --tables ask for less; --effort fast needs less", RESOURCES
    elif callable(format_message := getattr(error, "format_message", None)):
        text, code = f"error: {_sentence(format_message())}{_what_to_do(error, arguments)}", USAGE
    else:
        text, code = _bug(error, arguments, secrets), BUG
    return scrub(text, secrets), code


def _lines(error: RelfmError) -> str:
    lines = [f"error: {error.message}"]
    if isinstance(error, QuestionError) and error.text is not None:
        lines += pointed(error.text, error.span)
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    return "\n".join(lines)


def pointed(text: str, span: tuple[int, int] | None) -> list[str]:
    """The line of ``text`` where ``span`` begins, with carets under the span, as a terminal shows it."""
    text = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    if span is None:
        return [f"  {line}" for line in text.splitlines()]
    start, end = span
    line_start = text.rfind("\n", 0, start) + 1
    line = text[line_start:].split("\n", 1)[0]
    before, under = text[line_start:start], text[start : min(end, line_start + len(line))]
    return [f"  {line}".replace("\t", " "), "  " + " " * _cells(before) + "^" * max(1, _cells(under))]


def _cells(text: str) -> int:
    """How many columns of a terminal ``text`` fills: two for each wide character, none for an accent on another."""
    shown = [c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf")]
    return sum(2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in shown)


def _sentence(message: str) -> str:
    """A parser's message in our style: lower case at its start, no full stop, on one line."""
    message = " ".join(message.split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _what_to_do(error: BaseException, arguments: Sequence[str]) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    word = getattr(error, "option_name", None) or (arguments[0] if arguments else "")
    asked = _OF_OTHER_TOOLS.get(str(word).lower().lstrip("-").replace("_", "-"))
    return f"\n  hint: {asked}" if asked else f"\n  hint: see {context.command_path} --help"


def _bug(error: BaseException, arguments: Sequence[str], secrets: Iterable[str]) -> str:
    where = _write_report(error, arguments, secrets)
    told = f"please send the report {where}, which holds no secret" if where else "no report could be written"
    return f"error: this is a bug in relfm: {type(error).__name__}: {error}\n  hint: {told}"


def _write_report(error: BaseException, arguments: Sequence[str], secrets: Iterable[str]) -> str | None:
    """A file that only its owner may read: version, platform, command, traceback without locals; all scrubbed."""
    from importlib.metadata import version

    lines = [f"relfm {version('relfm')}, Python {sys.version.split()[0]}, {platform.platform()}"]
    lines += [f"command: relfm {' '.join(arguments)}", ""]
    lines += traceback.TracebackException.from_exception(error, capture_locals=False).format()
    try:
        handle, path = tempfile.mkstemp(prefix="relfm-report-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(scrub("\n".join(line.rstrip("\n") for line in lines), secrets) + "\n")
    except OSError:
        return None
    return path
