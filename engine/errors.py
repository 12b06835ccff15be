"""The engine's errors. Each message says what, got, expected and what to do, on one line."""


class EngineError(Exception):
    """Base of every error that the engine raises on purpose."""


class SettingsError(EngineError, ValueError):
    """A setting, config or request that cannot be accepted; `field` names the culprit."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class DeviceMemoryError(EngineError, MemoryError):
    """A simulation that does not fit into the memory of its device."""


class ClusterError(EngineError):
    """A cluster that cannot be reached, is lost, or cannot do the work."""


class WorkspaceError(EngineError, OSError):
    """A workspace that cannot be created, read or written."""


class WorkspaceBusyError(WorkspaceError):
    """A workspace in which another hunt is running; the message names the holder."""


class LedgerError(EngineError):
    """A ledger that cannot be opened, read or written."""


class ArtifactError(EngineError, OSError):
    """An artifact that cannot be trusted; `failure` is its class among `settings.FAILURES`."""

    def __init__(self, message: str, *, failure: str = "artifact_unreadable") -> None:
        super().__init__(message)
        self.failure = failure


class ComponentError(EngineError):
    """An analysis component that failed, or did not write what it promised."""


class HuntBusyError(EngineError):
    """A hunt was asked for while one is running in this process."""


class StopRequested(EngineError):  # noqa: N818  (a wish that was granted, not an error)
    """Work ended early because it was asked to; what was unfinished is not kept."""
