"""``python -m relfm.sample [PATH]`` writes the sample shop to an SQLite file (``shop.db`` by default)."""

import argparse
import sys

from relfm.errors import RelfmError
from relfm.sample.shop import write_sqlite


def main(arguments: list[str]) -> int:
    """Write the file and print its path; the exit code of a RelfmError, with its message, if it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m relfm.sample", description="Writes the sample shop.")
    parser.add_argument("path", nargs="?", default="shop.db", help="an SQLite file that is not there yet")
    given = parser.parse_args(arguments)
    try:
        print(write_sqlite(given.path))
    except RelfmError as error:
        print(f"{error.message}\n  {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
