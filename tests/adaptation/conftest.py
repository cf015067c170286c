"""Modules beside this file, and the busy shop of the predictor's tests, are imported by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "predictor"))
