"""Settings from environment variables, `.env`, secret files and the command line, in rising order: files first."""

from .loading import Settings, given_settings, load_settings, setting_names, unknown_names

__all__ = ["Settings", "given_settings", "load_settings", "setting_names", "unknown_names"]
