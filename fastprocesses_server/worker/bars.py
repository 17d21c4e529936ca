"""Progress bars of tqdm: what the outermost one says is the progress of a job whose callable says nothing of it."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from .context import Context

MODULE = "tqdm.std"
"""All kinds of bars are made of the one there."""


def follow_bars(context_of: Callable[[], Context | None]) -> None:
    """From now on, in this process; tqdm is followed once somebody imports it."""
    bars = Bars(context_of)
    if MODULE in sys.modules:
        bars.watch(sys.modules[MODULE])
    else:
        sys.meta_path.insert(0, _Finder(bars.watch))


class Bars:
    """The bars that are drawn while a callable runs."""

    def __init__(self, context_of: Callable[[], Context | None]) -> None:
        self.context_of = context_of
        self.pid = os.getpid()

    def watch(self, module: ModuleType) -> None:
        bar_class = module.tqdm
        refresh, close = bar_class.refresh, bar_class.close

        def watched_refresh(bar: Any, *arguments: Any, **named: Any) -> Any:
            is_shown = refresh(bar, *arguments, **named)
            self._tell(bar)
            return is_shown

        def watched_close(bar: Any) -> None:
            if not getattr(bar, "disable", True):
                self._tell(bar)
            close(bar)

        bar_class.refresh, bar_class.close = watched_refresh, watched_close

    def _tell(self, bar: Any) -> None:
        context = self.context_of()
        if context is None or os.getpid() != self.pid:
            return
        begun = [other for other in type(bar)._instances.copy() if getattr(other, "start_t", 0) >= context.since]  # noqa: SLF001
        is_outermost = bar is min(begun, key=lambda other: other.start_t, default=None)
        if is_outermost and bar.total:
            context.follow(100 * bar.n / bar.total, (bar.desc or "").removesuffix(": "))


class _Finder(MetaPathFinder):
    """Finds the one module, and has it watched."""

    def __init__(self, watch: Callable[[ModuleType], None]) -> None:
        self.watch = watch

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == MODULE else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_watch(module: ModuleType) -> None:
            execute(module)
            self.watch(module)

        spec.loader.exec_module = execute_and_watch  # type: ignore[method-assign]
        return spec
