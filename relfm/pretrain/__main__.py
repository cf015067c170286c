"""``python -m relfm.pretrain --config FILE``: the same as ``relfm pretrain``, with the standard library only."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from relfm.errors import RelfmError
from relfm.pretrain.asked import Asked
from relfm.pretrain.loop import pretrain


def main(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code."""
    parser = ArgumentParser(prog="python -m relfm.pretrain", description="Pretrain a network on prepared shards.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, .toml or .json")
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/pretrain"), metavar="FOLDER", help="of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run in FOLDER, if there is one")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", help="auto, cpu or cuda")
    parser.add_argument("--minutes", type=float, help="save and stop after so many")
    parser.add_argument("-q", "--quiet", action="store_true")
    given = vars(parser.parse_args(arguments))
    out, resume, quiet = (given.pop(name) for name in ("out", "resume", "quiet"))
    try:
        pretrain(Asked(**given).settings(), out, resume=resume, quiet=quiet)
    except RelfmError as error:
        print(error.told(), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
