"""Views of the page, each alone in a notebook cell; `close` frees it."""

from pathlib import Path

import panel as pn

from engine.errors import SettingsError
from engine.hunt.table import read_table
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.app import prepare
from irer_panel.background import loop_of
from irer_panel.notebook import Frames
from irer_panel.selection import Selection
from irer_panel.views.field_panel import FieldPanel
from irer_panel.views.scatter import ScatterView


class FieldView(pn.viewable.Viewer):
    """The fields of one run, as the page shows them: `FieldView("3f9a…", "irer_workspace")`."""

    def __init__(self, run: str, workspace: str | Path | None = None) -> None:
        """Show a run.

        Args:
            run: its id, or the first digits of it.
            workspace: where it is; None for what `Workspace.open` defaults to.

        Raises:
            SettingsError: the workspace has no such run with an artifact, or several.
            WorkspaceError: the workspace cannot be used.
        """
        super().__init__()
        self._frames = Frames(prepare())
        place, selection = Workspace.open(workspace), Selection()
        whole = _whole(run, place)
        self.panel = FieldPanel(place, selection, loop_of(pn.state.curdoc), lambda _: None)
        self.panel.pair.complete()
        selection.pick(whole)

    def close(self) -> None:
        """Free what it holds."""
        self.panel.close()
        self._frames.close()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._frames.around(self.panel)


class ParetoView(pn.viewable.Viewer):
    """Fidelity against stability of one hunt, with its front: `ParetoView(ledger)`."""

    def __init__(self, ledger: str | Path, hunt_id: str = "") -> None:
        """Show a hunt.

        Args:
            ledger: the ledger's file, `simulation_ledger.sqlite` of a workspace.
            hunt_id: which hunt; empty for the newest.

        Raises:
            SettingsError: the ledger has no such hunt.
            LedgerError: the ledger cannot be read.
        """
        super().__init__()
        self._frames = Frames(prepare())
        reader = LedgerReader(Path(ledger))
        hunts = [each["hunt_id"] for each in reader.hunts()]
        chosen = hunt_id or next(iter(hunts), "")
        if chosen not in hunts:
            raise SettingsError(
                f"hunt: got {chosen or 'none'}, expected one of the {len(hunts)} in {ledger}; "
                "leave it out for the newest, or check the file's name.",
                field="hunt_id",
            )
        self.scatter = ScatterView(table=read_table(reader, chosen))

    def close(self) -> None:
        """Free what it holds."""
        self.scatter.close()
        self._frames.close()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._frames.around(self.scatter)


def _whole(run: str, place: Workspace) -> str:
    """The id that begins so, of a run whose artifact is there."""
    known = [
        path.stem.rpartition("_")[2] for path in place.artifact_path("0" * 40).parent.glob("*.h5")
    ]
    found = [each for each in known if run and each.startswith(run)]
    if len(found) != 1:
        raise SettingsError(
            f"run: got {run[:40]!r}, with which {len(found)} of {len(known)} artifacts begin, "
            "expected one; give more digits, or look at the run list.",
            field="run",
        )
    return found[0]
