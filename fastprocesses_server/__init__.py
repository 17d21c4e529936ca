"""A standalone server for OGC API - Processes."""

from .errors import ProcessError

__version__ = "0.1.0"
__all__ = ["ProcessError", "__version__"]
