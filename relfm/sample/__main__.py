"""``python -m relfm.sample [PATH]`` writes the sample shop to an SQLite file (``shop.db`` by default)."""

import sys

from relfm.errors import RelfmError
from relfm.sample.shop import write_sqlite


def main(arguments: list[str]) -> int:
    """Write the file and print its path; the exit code of a RelfmError, with its message, if it cannot be."""
    try:
        print(write_sqlite(arguments[0] if arguments else "shop.db"))
    except RelfmError as error:
        print(f"{error.message}\n  {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
