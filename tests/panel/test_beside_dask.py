"""Dask without PyArrow, as its scheduler installs it: another thread's try to import its frames."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

# As another thread finds it that draws while the import is under way, which is going to fail.
FRAMES = """
import holoviews as hv
from irer_panel.views.field_plot import BLANK, field_plot

hv.renderer("bokeh").get_plot(field_plot(BLANK))
print("drawn")
raise ModuleNotFoundError("No module named 'pyarrow'")
"""


def test_a_field_is_drawn_while_another_thread_tries_to_import_dask_frames(tmp_path):
    (tmp_path / "dask").mkdir()
    (tmp_path / "dask" / "__init__.py").write_text("")
    (tmp_path / "dask" / "dataframe.py").write_text(FRAMES)
    code = """
import contextlib
import holoviews as hv
hv.extension("bokeh")
import irer_panel.views.field_plot
with contextlib.suppress(ModuleNotFoundError):
    import dask.dataframe
"""
    path = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "drawn\n", done.stderr
