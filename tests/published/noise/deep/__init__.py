"""A package with `__init__.py`."""
