import shutil

import pytest
from component_samples import TINY, write_component


@pytest.fixture(scope="session")
def hunted(tmp_path_factory):
    """A workspace with one run and its id, to be copied from."""
    from engine.hunt.command import run

    root = tmp_path_factory.mktemp("hunted") / "workspace"
    return root, run(TINY, str(root))["config_hash"]


@pytest.fixture
def place(hunted, tmp_path):
    """A workspace of the test's own, with one run."""
    from engine.store.workspace import Workspace

    shutil.copytree(hunted[0], tmp_path / "workspace")
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def run_id(hunted):
    return hunted[1]


@pytest.fixture
def plug_in(place):
    """Write a component into the workspace, and trust it."""
    from engine.layer2.discovery import find_component
    from engine.layer2.trust import trust

    def plug_in_(name, *script, **changes):
        write_component(place.root / "components", name, *script, **changes)
        component = find_component(place, name)
        trust(place, component)
        return component

    return plug_in_
