"""The names that processes written for the library fastprocesses import, offered where nothing else has them.

The import machinery asks a finder last of all, so that the library itself and an author's own module of its name win.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

LIBRARY = "fastprocesses"
STAND_INS = "fastprocesses_server.processes.fastprocesses.stand_ins"

OFFERED: dict[str, tuple[str, ...]] = {
    LIBRARY: ("BaseProcessResult", "ProcessRegistrationError", "SerializationError"),
    f"{LIBRARY}.api": (),
    f"{LIBRARY}.api.server": ("OGCProcessesAPI",),
    f"{LIBRARY}.core": (),
    f"{LIBRARY}.core.base_process": ("BaseParallelProcess", "BaseProcess", "BaseScatterProcess", "parallel_step"),
    f"{LIBRARY}.core.exceptions": (
        "FastProcessesError",
        "InputValidationError",
        "JobFailedError",
        "OutputValidationError",
        "ProcessRegistrationError",
        "SerializationError",
        "SSRFBlockedError",
    ),
    f"{LIBRARY}.core.logging": ("logger",),
    f"{LIBRARY}.core.models": (
        "ExecutionMode",
        "Link",
        "Metadata",
        "OutputControl",
        "ProcessDescription",
        "ProcessInput",
        "ProcessJobControlOptions",
        "ProcessOutput",
        "ProcessOutputTransmission",
        "ResponseType",
        "Schema",
    ),
    f"{LIBRARY}.core.output_protocol": ("BaseProcessResult",),
    f"{LIBRARY}.core.types": ("JobProgressCallback",),
    f"{LIBRARY}.processes": (),
    f"{LIBRARY}.processes.process_registry": ("register_process",),
}
"""By module: what it holds."""


class StandIns:
    """Finder and loader of the modules above."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Modules below a package of somebody else are not ours to offer.

        Raises:
            ModuleNotFoundError: the library may have such a module, and there is no stand-in for it.
        """
        parent, _, _ = name.rpartition(".")
        if name != LIBRARY and not (name.startswith(f"{LIBRARY}.") and _is_stand_in(parent)):
            return None
        if name not in OFFERED:
            there = ", ".join(module for module, names in OFFERED.items() if names)
            what = f"{LIBRARY} is not installed, and {name} has no stand-in; there are {there}"
            raise ModuleNotFoundError(what, name=name)
        is_package = any(module.startswith(f"{name}.") for module in OFFERED)
        return ModuleSpec(name, self, origin=STAND_INS, is_package=is_package)  # type: ignore[arg-type]

    def create_module(self, _spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        names = OFFERED[module.__name__]
        stand_ins = import_module(STAND_INS) if names else None
        for name in names:
            setattr(module, name, getattr(stand_ins, name))


def _is_stand_in(module: str) -> bool:
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return isinstance(getattr(spec, "loader", None), StandIns)


def offer_names() -> None:
    """To whatever this process imports from now on."""
    if not any(isinstance(finder, StandIns) for finder in sys.meta_path):
        sys.meta_path.append(StandIns())
