"""relfm: point it at a database, ask about its future, get calibrated predictions with a baseline beside them.

shop = relfm.connect("shop.db")  # a URL, a file, a folder, or DataFrames by name
churn = "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id"
relfm.Predictor().predict(shop, churn).frame
relfm.Predictor().backtest(shop, churn).verdict
relfm.Predictor().explain(shop, churn, entity=17).facts
relfm.feature_tables(shop, churn).context  # the same labels and features, for a model of one's own
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relfm.adaptation import Adapted, adapt
    from relfm.connectors import connect
    from relfm.database import Database
    from relfm.errors import RelfmError
    from relfm.explain import Explanation
    from relfm.feature_table import FeatureTables, feature_tables
    from relfm.planning import Plan, plan
    from relfm.predictor import Prediction, Predictor
    from relfm.query import PredictiveQuery, parse
    from relfm.schema import Schema
    from relfm.scoring import Backtest

__version__ = "0.1.0"

_HOMES = {
    "Adapted": "relfm.adaptation",
    "Backtest": "relfm.scoring",
    "Database": "relfm.database",
    "Explanation": "relfm.explain",
    "FeatureTables": "relfm.feature_table",
    "Plan": "relfm.planning",
    "Prediction": "relfm.predictor",
    "PredictiveQuery": "relfm.query",
    "Predictor": "relfm.predictor",
    "RelfmError": "relfm.errors",
    "Schema": "relfm.schema",
    "adapt": "relfm.adaptation",
    "connect": "relfm.connectors",
    "feature_tables": "relfm.feature_table",
    "parse": "relfm.query",
    "plan": "relfm.planning",
}
__all__ = [
    "Adapted",
    "Backtest",
    "Database",
    "Explanation",
    "FeatureTables",
    "Plan",
    "Prediction",
    "PredictiveQuery",
    "Predictor",
    "RelfmError",
    "Schema",
    "adapt",
    "connect",
    "feature_tables",
    "parse",
    "plan",
]


def __getattr__(name: str) -> Any:
    """Public names are imported on first use, so that ``relfm --help`` does not wait for them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'relfm' has no attribute '{name}'; public are {', '.join(__all__)}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names too, though none is imported yet: what interactive shells complete."""
    return sorted({*globals(), *__all__})
