"""``python -m relfm`` is ``relfm``, for environments where scripts are not on the path."""

from relfm.cli.main import run

run()
