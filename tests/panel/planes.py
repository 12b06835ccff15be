"""Artifacts with fields of one's choice, and what the pixels of a window of one have to be."""

import numpy as np

from engine.settings import RunConfig
from engine.store.artifact import RunResult, write_artifact
from engine.store.workspace import Workspace

LENGTH = 20.0


def write_planes(folder, rho, g_tt, psi=None):
    """An artifact with these fields, on a square of side `LENGTH`, and nothing else to see."""
    n = len(rho)
    config = RunConfig(N_grid=n, domain_length=LENGTH)
    wave, none = np.zeros((n, n), np.complex64), np.zeros((0, n, n))
    result = RunResult(
        psi=wave if psi is None else psi,
        rho_s=np.ones((n, n), np.float32),
        final_rho=rho,
        final_g_tt=g_tt,
        checkpoint_psi=wave,
        checkpoint_rho_s=rho,
        checkpoint_t=0.5,
        t_end=1.0,
        history_t=np.zeros(0),
        history_rho=none,
        history_g_tt=none,
    )
    path = Workspace.open(folder).artifact_path(config.config_hash)
    write_artifact(path, config, result)
    return path, config.config_hash


def pixel_edges(frame, size):
    """Where the pixels begin and end along y and x, in cells."""
    left, bottom, right, top = (each / size + 0.5 for each in frame.bounds)
    rows, columns = frame.values.shape
    return np.linspace(bottom, top, rows + 1), np.linspace(left, right, columns + 1)


def aggregate(plane, frame, aggregation, size):
    """What each pixel must show, cell by cell, for pixels of whole cells."""
    starts = []
    for edges, span in zip(pixel_edges(frame, size), frame.cells, strict=True):
        whole = np.rint(edges).astype(int)
        np.testing.assert_allclose(edges, whole, atol=1e-6)
        assert whole[0] == span.start
        assert whole[-2] < span.stop <= whole[-1]
        starts.append(whole[:-1] - whole[0])
    part = plane[frame.cells].astype(float)
    finite = np.isfinite(part)

    def each(combine, values):
        rows, columns = starts
        return combine.reduceat(combine.reduceat(values, rows, axis=0), columns, axis=1)

    if aggregation == "share":
        return 1 - each(np.add, finite.astype(float)) / each(np.add, np.ones(part.shape))
    if aggregation == "mean":
        with np.errstate(invalid="ignore"):
            count = each(np.add, finite.astype(float))
            return each(np.add, np.where(finite, part, 0)) / count
    part[~finite] = np.nan
    return each(np.fmin if aggregation == "min" else np.fmax, part)
