"""What an installation may lack: the libraries that are extras."""

from importlib.util import find_spec

_MODULES = {
    "xgboost": ("xgboost",),
    "images": ("cv2", "keras", "tensorflow"),
    "app": ("cleanlab", "jinja2", "markupsafe", "optuna_dashboard", "PIL", "plotly"),
    "cluster": ("bokeh", "dask", "distributed", "psycopg"),
}


def lacking(*modules: str) -> str | None:
    """Return the first of some modules that is not installed; None where all are."""
    return next((module for module in modules if find_spec(module) is None), None)


def cure_of(module: str) -> str | None:
    """Return the words that install a module of an extra; None for a module of none.

    Args:
        module: Its name, or that of a part of it.

    Example:
        >>> cure_of("plotly.graph_objects")
        "it needs plotly: pip install 'podium[app]'"
    """
    top = module.partition(".")[0]
    extra = next((name for name, modules in _MODULES.items() if top in modules), None)
    return extra and f"it needs {top}: pip install 'podium[{extra}]'"
