"""Every error that a user can cause: what happened, the value, what to do, and the exit code that the CLI returns."""

import errno
import os

_SQLITE_FULL = 13


class RelfmError(Exception):
    """Base of all errors meant for users. ``message`` says what happened, ``hint`` what to do about it."""

    exit_code = 2

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def told(self) -> str:
        """The error as commands print it."""
        return f"error: {self.message}" + (f"\n  hint: {self.hint}" if self.hint else "")


class UsageError(RelfmError):
    """A bad option, file or configuration."""

    exit_code = 2


class SchemaError(RelfmError):
    """The schema (declared, inferred or from a schema file) does not hold what was asked of it."""

    exit_code = 2


class QuestionError(RelfmError):
    """The predictive query is ill-formed or does not fit the schema.

    ``span`` is the ``(start, end)`` character range of the offending token in ``text``.
    """

    exit_code = 2

    def __init__(
        self, message: str, hint: str | None = None, *, text: str | None = None, span: tuple[int, int] | None = None
    ) -> None:
        super().__init__(message, hint)
        self.text = text
        self.span = span


class ConnectionFailed(RelfmError):
    """The database cannot be reached, opened or authenticated against."""

    exit_code = 3


class DataCannotAnswer(RelfmError):
    """The question is well-formed but the data hold no answer: no labels, one class, no history."""

    exit_code = 4


class ResourceExceeded(RelfmError):
    """Not enough memory, disk or time."""

    exit_code = 5


class Refused(RelfmError):
    """Refused for safety: a leak, or a write to a database opened read-only."""

    exit_code = 6


def first_line(error: BaseException) -> str:
    """The first line of what a library says, in single spaces; the kind of its error where it says nothing."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split()) if lines else type(error).__name__


def is_full_disk(error: BaseException) -> bool:
    """Whether ``error`` says that the disk, or the user's share of it, is full: the system's, SQLite's or safetensors'
    (which are written in C and in Rust) way of saying so."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return getattr(error, "sqlite_errorcode", None) == _SQLITE_FULL or "(os error 28)" in str(error)


def unwritten(path: str | os.PathLike[str], error: Exception) -> RelfmError:
    """The error for a file that could not be written: ResourceExceeded if the disk is full, else UsageError."""
    message = f"cannot write '{path}': {getattr(error, 'strerror', None) or error}"
    if is_full_disk(error):
        return ResourceExceeded(message, hint="make room, or name a file on another disk")
    return UsageError(message, hint="name another file")
