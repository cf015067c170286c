"""The entry of ``relfm``, and the one place where an error becomes a line and an exit code.

It imports the commands only when it can answer for what happens meanwhile: an interruption is no traceback.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

_INTERRUPTED = 130
"""What ``failure`` calls INTERRUPTED, known before anything is imported."""


def main(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code; every error ends here."""
    try:
        from relfm.cli.app import app

        code = app(args=list(arguments), prog_name="relfm", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (Exception, KeyboardInterrupt) as error:
        from relfm.cli.failure import explain
        from relfm.cli.scrub import secrets_of_environment

        text, code = explain(error, arguments, secrets_of_environment(arguments, os.environ))
    print(text, file=sys.stderr)
    return code


def run() -> NoReturn:
    """The entry point of ``relfm`` and of ``python -m relfm.cli``."""
    try:
        _open_closed_streams()
        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # a second one, while the first was told
        code = _INTERRUPTED
    sys.exit(code)


def _open_closed_streams() -> None:
    """A stream that the shell has closed (``>&-``) leads nowhere: nobody wants what goes there, which is no error,
    and no file that is opened later may take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
