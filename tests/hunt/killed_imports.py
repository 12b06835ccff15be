"""An import that is killed at its nth step: `python killed_imports.py CRATE FOLDER`.

For each step the crate is imported into a workspace of its own, in a process that is killed there,
and then again, undisturbed. Prints a line of JSON for each.
"""

import itertools
import json
import os
import signal
import sys
from pathlib import Path

from engine.errors import WorkspaceError
from engine.hunt.crate_import import import_crate
from engine.store.workspace import Workspace

WATCHED = ("crate_import.py", "ledger.py", "new_file.py")


def killed(step: int, crate: Path, place: Workspace) -> bool:
    """Import, and be killed at the call with this number since files get their names."""
    child = os.fork()
    if not child:
        steps = itertools.count()
        begun = False

        def look(frame, event, _):
            nonlocal begun
            code = frame.f_code
            begun |= code.co_name == "_enter"
            watched = begun and Path(code.co_filename).name in WATCHED
            watched &= event in ("call", "return") and code.co_name[0] != "<"
            if watched and next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(look)
        import_crate(crate, place)
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def main(crate: Path, folder: Path) -> None:
    for step in itertools.count():
        place = Workspace.open(folder / f"{step:03}")
        hit = killed(step, crate, place)
        try:
            said = str(import_crate(crate, place)["files"])
        except WorkspaceError as error:
            said = str(error)
        print(json.dumps({"root": str(place.root), "killed": hit, "said": said}))
        if not hit:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
