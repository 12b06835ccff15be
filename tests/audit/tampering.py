"""Ways to falsify or damage an artifact, and what must come of each: read by tests and benchmark.

Every way starts from a copy of an honest run of `HONEST`, beside a run of another seed to steal
from. Contents are forged here, the file itself in hostile_files.py.
"""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from audit_runs import SMALL
from hostile_files import CONTAINERS, FILES, replaced, text

from engine.audit.evolution import follow
from engine.audit.geometry import emergent_g_tt
from engine.settings import RunConfig

HONEST = SMALL

BAD_INPUT = "bad input"
"""Not a failure class: the name is refused before anything is audited."""

REPRODUCES, DIFFERS = True, False


class Expected(NamedTuple):
    """What `irer validate` makes of a way.

    Attributes:
        forge: changes the copy, given it and the other run's artifact; a path when it moved it.
        failure: the class.
        complaint: part of the error: the check that says no.
    """

    forge: Callable[[Path, Path], Path | None]
    failure: str
    complaint: str


class Unseen(NamedTuple):
    """A way that an audit of the artifact alone cannot see.

    Attributes:
        forge: as in `Expected`.
        same_score: whether log_prime_sse stays what it was, to a part in a thousand.
        reproduced: what `irer reproduce` then says: REPRODUCES where nothing of the run differs.
    """

    forge: Callable[[Path, Path], Path | None]
    same_score: bool
    reproduced: bool


def forged(forge, honest: Path, other: Path, folder: Path) -> Path:
    """The artifact that a way leaves in an empty folder."""
    path = folder / honest.name
    shutil.copy(honest, path)
    return forge(path, other) or path


def inside(change):
    """A way that edits the open file."""

    def forge(path, other):
        with h5py.File(path, "r+") as file, h5py.File(other, "r") as donor:
            change(file, donor)

    return forge


def alone(change):
    """A way that edits the open file and steals nothing."""
    return inside(lambda file, _: change(file))


def config_of(file) -> RunConfig:
    return RunConfig.from_mapping(json.loads(file.attrs["config"]))


def rehashed(change=lambda file: None, **values):
    """The config edited, with id, attribute and file name to match, and more of the file."""

    def forge(path, other):
        with h5py.File(path, "r+") as file:
            config = dataclasses.replace(config_of(file), **values)
            change(file)
            text(file, "config", json.dumps(config.to_dict()))
            text(file, "config_hash", config.config_hash)
        return path.rename(path.with_name(f"rho_history_{config.config_hash}.h5"))

    return forge


def scaled(name, factor=1.001):
    return alone(
        lambda file: file[name].write_direct(file[name][...] * file[name].dtype.type(factor))
    )


def spoiled(name, value):
    def change(file):
        array = file[name][...]
        array[3, 4] = value
        file[name][...] = array

    return alone(change)


def attribute(owner, name, value):
    return alone(lambda file: file[owner].attrs.create(name, value))


def put_psi(file, psi):
    """A final ψ and the ρ that belongs to it: only the evolution can tell."""
    file["final_psi"][...] = psi
    psi = file["final_psi"][...]
    file["final_rho"][...] = psi.real**2 + psi.imag**2


def put_rho_s(file, rho_s):
    """A final ρ_s and the g_tt that belongs to it."""
    file["final_rho_s"][...] = rho_s
    file["final_g_tt"][...] = emergent_g_tt(file["final_rho_s"][...], config_of(file))


def of_psi(function):
    return alone(lambda file: put_psi(file, function(file["final_psi"][...])))


def noise(size):
    random = np.random.default_rng(0)
    return lambda psi: (
        psi + size * np.sqrt(np.mean(np.abs(psi) ** 2)) * random.normal(size=psi.shape)
    )


def smoothed(psi):
    k = 2 * np.pi * np.fft.fftfreq(len(psi))
    return np.fft.ifft2(np.fft.fft2(psi) * np.exp(-0.05 * (k[:, None] ** 2 + k**2)))


def comb(psi):
    """Rings at multiples of ln p: what a cheat wants found."""
    at = np.arange(len(psi)) * 2 * np.pi / len(psi)
    return psi * (1 + 0.05 * sum(np.cos(round(4 * np.log(p)) * at) for p in (2, 3, 5, 7)))


def stolen(*names):
    def change(file, donor):
        for name in names:
            file[name][...] = donor[name][...]

    return inside(change)


def evolved(steps=20, **values):
    """The end of the checkpoint's evolution under other settings, or after other steps."""

    def change(file):
        config = dataclasses.replace(config_of(file), **values)
        psi, rho_s = file["checkpoint/psi"][...], file["checkpoint/rho_s"][...]
        end = follow(psi.astype(complex), rho_s.astype(float), config, steps * config.dt)
        put_psi(file, end.psi)
        put_rho_s(file, end.rho_s)

    return alone(change)


def edited_config(file):
    text(file, "config", json.dumps({**config_of(file).to_dict(), "param_kappa": 0.06}))


def metric_of_another_alpha(file):
    config = config_of(file)
    other = dataclasses.replace(config, param_alpha=config.param_alpha * 1.01)
    file["final_g_tt"][...] = emergent_g_tt(file["final_rho_s"][...], other)


def density_of_another_alpha(file):
    """ρ_s as a doubled α would have it for the same metric, at checkpoint and end."""
    for name in ("final_rho_s", "checkpoint/rho_s"):
        file[name][...] = np.sqrt(file[name][...])


def checkpoint_is_final(file):
    file["checkpoint/psi"][...] = file["final_psi"][...]
    file["checkpoint/rho_s"][...] = file["final_rho_s"][...]


def checkpoint_is_final_and_says_so(file):
    checkpoint_is_final(file)
    file["checkpoint"].attrs["t"] = file.attrs["t_end"]


def final_is_checkpoint(file):
    put_psi(file, file["checkpoint/psi"][...])
    put_rho_s(file, file["checkpoint/rho_s"][...])


def wild_checkpoint(file):
    random = np.random.default_rng(1)
    file["checkpoint/psi"][...] = 90 * random.normal(size=(32, 32)) + 0j
    file["checkpoint/rho_s"][...] = 1e-3


def later(by):
    def change(file):
        file.attrs["t_end"] += by
        file["checkpoint"].attrs["t"] += by

    return change


def slow(file):
    file.attrs["t_end"], file["checkpoint"].attrs["t"] = 6000.0, 4000.0


def on_everything(function):
    """A symmetry of the equations, on the end and on the checkpoint."""

    def change(file):
        put_psi(file, function(file["final_psi"][...]))
        file["checkpoint/psi"][...] = function(file["checkpoint/psi"][...])

    return change


def moved(file):
    for name in ("final_psi", "final_rho", "final_rho_s", "final_g_tt"):
        file[name][...] = np.roll(file[name][...], (3, 5), (0, 1))
    for name in ("checkpoint/psi", "checkpoint/rho_s"):
        file[name][...] = np.roll(file[name][...], (3, 5), (0, 1))


def made_up(file):
    """A state of the cheat's own making, evolved by the book."""
    file["checkpoint/psi"][...] = comb(file["checkpoint/psi"][...])
    config = config_of(file)
    end = follow(
        file["checkpoint/psi"][...].astype(complex),
        file["checkpoint/rho_s"][...].astype(float),
        config,
        20 * config.dt,
    )
    put_psi(file, end.psi)
    put_rho_s(file, end.rho_s)


def fresh_axis(file):
    """An axis that is a scale no more, though the fields still refer to the old one."""
    replaced(file, "x", data=file["x"][...], chunks=(32,), fletcher32=True)


FINAL = ("final_psi", "final_rho", "final_rho_s", "final_g_tt")

_CONTENTS = {
    "final ψ × 1.001": (scaled("final_psi"), "rho_consistency"),
    "final ρ × 1.001": (scaled("final_rho"), "rho_consistency"),
    "ψ × 1.001 with its ρ": (of_psi(lambda psi: 1.001 * psi), "evolution_residual:"),
    "noise of 1e-3 with its ρ": (of_psi(noise(1e-3)), "evolution_residual:"),
    "ψ of one cell × 1.1": (
        of_psi(lambda psi: psi * (1 + 0.1 * (np.arange(psi.size) == 99).reshape(psi.shape))),
        "evolution_residual:",
    ),
    "ψ smoothed": (of_psi(smoothed), "evolution_residual:"),
    "rings at ln p planted": (of_psi(comb), "evolution_residual:"),
    "global phase, end only": (of_psi(lambda psi: psi * np.exp(0.7j)), "evolution_residual:"),
    "moved by a cell, end only": (of_psi(lambda psi: np.roll(psi, 1, 1)), "evolution_residual:"),
    "conj ψ, end only": (of_psi(np.conj), "evolution_residual:"),
    "conj ψ everywhere": (alone(on_everything(np.conj)), "evolution_residual:"),
    "final ρ_s × 1.001": (scaled("final_rho_s"), "g_tt_consistency"),
    "ρ_s × 1.001 with its g_tt": (
        alone(lambda f: put_rho_s(f, f["final_rho_s"][...] * np.float32(1.001))),
        "evolution_residual_rho_s",
    ),
    "g_tt of α × 1.01": (alone(metric_of_another_alpha), "g_tt_consistency"),
    "g_tt of the wrong sign": (scaled("final_g_tt", -1), "g_tt_consistency"),
    "a cell of g_tt NaN": (spoiled("final_g_tt", np.nan), "g_tt_consistency"),
    "a cell of ρ NaN": (spoiled("final_rho", np.nan), "rho_consistency"),
    "end of another run": (stolen(*FINAL), "evolution_residual:"),
    "ψ and ρ of another run": (stolen("final_psi", "final_rho"), "evolution_residual:"),
    "ρ of another run": (stolen("final_rho"), "rho_consistency"),
    "ρ_s of another run": (stolen("final_rho_s"), "g_tt_consistency"),
    "ρ_s and g_tt of another run": (stolen("final_rho_s", "final_g_tt"), "residual_rho_s"),
    "checkpoint of another run": (
        stolen("checkpoint/psi", "checkpoint/rho_s"), "evolution_residual:",
    ),
    "end of another time": (alone(final_is_checkpoint), "evolution_residual:"),
    "end a step early": (evolved(steps=19), "evolution_residual:"),
    "end under another κ": (evolved(param_kappa=0.1), "evolution_residual:"),
    "end under another α": (evolved(param_alpha=0.55), "evolution_residual:"),
    "checkpoint ψ × 1.01": (scaled("checkpoint/psi", 1.01), "evolution_residual:"),
    "checkpoint ρ_s × 1.01": (scaled("checkpoint/rho_s", 1.01), "evolution_residual"),
    "checkpoint = end": (alone(checkpoint_is_final), "evolution_residual:"),
    "checkpoint = end, time too": (alone(checkpoint_is_final_and_says_so), "0 steps before"),
    "checkpoint of the start": (attribute("checkpoint", "t", -30.0), "360 steps before"),
    "checkpoint half a step off": (attribute("checkpoint", "t", 3.95), "20.5 steps"),
    "checkpoint five steps off": (attribute("checkpoint", "t", 4.5), "evolution_residual:"),
    "checkpoint at 1e308": (attribute("checkpoint", "t", -1e308), "steps before"),
    "end time off": (attribute("/", "t_end", 7.0), "t_end: got 7"),
    "all times off": (alone(later(1.0)), "t_end: got 7"),
    "checkpoint ψ NaN": (spoiled("checkpoint/psi", np.nan), "checkpoint/psi"),
    "checkpoint ρ_s < 0": (spoiled("checkpoint/rho_s", -9.0), "evolution"),
    "checkpoint ψ 1e30": (spoiled("checkpoint/psi", 1e30), "evolution"),
    "checkpoint too wild to follow": (alone(wild_checkpoint), "evolution"),
}  # fmt: skip

_DIVERGED = {
    "a cell of ψ NaN": (spoiled("final_psi", np.nan), "final_psi"),
    "a cell of ψ infinite": (spoiled("final_psi", np.inf), "final_psi"),
    "a cell of ψ 101": (spoiled("final_psi", 101.0), "|ψ|² up to 1.02e+04"),
    "a cell of ρ_s NaN": (spoiled("final_rho_s", np.nan), "final_rho_s"),
    "a cell of ρ_s 0": (spoiled("final_rho_s", 0.0), "final_rho_s"),
    "a cell of ρ_s < 0": (spoiled("final_rho_s", -0.5), "final_rho_s"),
}

_REHASHED = {
    "κ, re-hashed": (rehashed(param_kappa=0.06), "audit_failed", "evolution_residual"),
    "σ, re-hashed": (rehashed(param_sigma_k=0.9), "audit_failed", "evolution_residual"),
    "ε, re-hashed": (rehashed(epsilon=0.51), "audit_failed", "evolution_residual"),
    "α, re-hashed": (rehashed(param_alpha=0.51), "audit_failed", "g_tt_consistency"),
    "α and ρ_s, same metric, re-hashed": (
        rehashed(density_of_another_alpha, param_alpha=1.0), "audit_failed", "evolution_residual",
    ),
    "τ = 0, re-hashed": (rehashed(sdg_tau=0.0), "audit_failed", "evolution_residual"),
    "metric ansatz, re-hashed": (
        rehashed(metric_ansatz="exponential"), "audit_failed", "g_tt_consistency",
    ),
    "source, re-hashed": (rehashed(source_amplitude=0.1), "audit_failed", "evolution_residual"),
    "steps, re-hashed": (rehashed(T_steps=61), "audit_failed", "t_end"),
    "dt, re-hashed": (rehashed(dt=0.11), "audit_failed", "t_end"),
    "dt × 1000 with its times, re-hashed": (rehashed(slow, dt=100.0), "audit_failed", "evolution"),
    "domain, re-hashed": (rehashed(domain_length=33.0), "artifact_unreadable", "i·L/N"),
    "N = 65536, re-hashed": (rehashed(N_grid=65_536), "artifact_unreadable", "shape"),
    "precision, re-hashed": (rehashed(precision="float64"), "artifact_unreadable", "data type"),
    "config edited": (alone(edited_config), "config_mismatch", "its attribute says"),
}  # fmt: skip

WAYS = (
    {name: Expected(way, "audit_failed", said) for name, (way, said) in _CONTENTS.items()}
    | {name: Expected(way, "diverged", said) for name, (way, said) in _DIVERGED.items()}
    | {name: Expected(*each) for name, each in _REHASHED.items()}
    | {name: Expected(alone(way), *rest) for name, (way, *rest) in CONTAINERS.items()}
    | {name: Expected(lambda p, _, way=way: way(p), *rest) for name, (way, *rest) in FILES.items()}
)

UNSEEN = {
    "global phase everywhere": Unseen(
        alone(on_everything(lambda psi: psi * np.exp(0.7j))), True, DIFFERS
    ),
    "moved everywhere": Unseen(alone(moved), True, DIFFERS),
    "noise of 1e-6 with its ρ": Unseen(of_psi(noise(1e-6)), True, DIFFERS),
    "a frame of the history": Unseen(scaled("history/rho", 1.5), True, DIFFERS),
    "a diagnostic": Unseen(scaled("diagnostics/q_coherence", 1.5), True, DIFFERS),
    "seed, re-hashed": Unseen(rehashed(seed=7), True, DIFFERS),
    "steps with their times, re-hashed": Unseen(rehashed(later(0.1), T_steps=61), True, DIFFERS),
    "dt halved, steps doubled, re-hashed": Unseen(rehashed(dt=0.05, T_steps=120), True, DIFFERS),
    "a state made up, evolved by the book": Unseen(alone(made_up), False, DIFFERS),
    "an axis that is no scale": Unseen(alone(fresh_axis), True, REPRODUCES),
}
