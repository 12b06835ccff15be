"""The radial spectrum of a run, read again from its artifact with the auditor's own functions."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.audit.primes import LOG_PRIMES, MIN_PEAKS, Fidelity, score_peaks
from engine.audit.spectrum import Floats, find_peaks, radial_spectrum, ring_wavenumbers
from engine.errors import ArtifactError
from engine.settings import STATUS_OK
from engine.store.artifact import open_artifact
from engine.store.eviction import check_not_evicted
from engine.store.workspace import Workspace
from irer_panel.wording import counted, number

PRIMES = tuple(round(float(each)) for each in np.exp(LOG_PRIMES))
"""The primes whose logarithms are the targets."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """P_j over k of one field, with its peaks and their fit to ln p.

    Attributes:
        wavenumbers: of the rings, 1/x, shape (N/2,).
        power: P_j of the rings, shape (N/2,).
        fidelity: all peaks, the score and the scale.
        heights: P_j of the rings that are peaks.
    """

    wavenumbers: Floats
    power: Floats
    fidelity: Fidelity
    heights: Floats

    @property
    def used(self) -> Floats:
        """The peaks that are scored: the first 8 at most; none where there is no score."""
        return self.fidelity.peaks[: len(PRIMES)] if self.fidelity.scale else np.empty(0)

    @property
    def targets(self) -> Floats:
        """Where peaks should be, (ln p)/S in 1/x; empty where there is no score."""
        return LOG_PRIMES / self.fidelity.scale if self.fidelity.scale else np.empty(0)

    @property
    def errors(self) -> Floats:
        """S·kᵢ − ln pᵢ of the scored peaks: their squares add up to the score."""
        scale = self.fidelity.scale or 0.0
        return scale * self.used - LOG_PRIMES[: self.used.size]

    @property
    def missing(self) -> tuple[int, ...]:
        """The primes for which there is no peak."""
        return PRIMES[self.used.size :] if self.used.size else ()


def spectrum_of(rho: Floats, domain_length: float) -> Spectrum:
    """The spectrum of a field ρ, shape (N, N), on a square of side L."""
    power = radial_spectrum(rho)
    peak, position = find_peaks(power)
    fidelity = score_peaks(position[peak] * (2 * np.pi / domain_length))
    wavenumbers = ring_wavenumbers(rho.shape[-1], domain_length)
    return Spectrum(wavenumbers, power, fidelity, power[1:-1][peak])


def read_spectrum(workspace: Workspace, run: str) -> Spectrum:
    """The spectrum of a run's final ρ.

    Raises:
        ArtifactError: the artifact is evicted, missing or unreadable, or its field not finite.
    """
    check_not_evicted(workspace, run)
    path = workspace.artifact_path(run)
    with open_artifact(path, run) as artifact:
        rho = artifact.read("final_rho").astype(np.float64)
        length = artifact.config.domain_length
    if not np.isfinite(rho).all():
        raise ArtifactError(
            f"{path.name}: final_rho is not finite, expected numbers: a run that blew up has no "
            "spectrum; choose a smaller dt or other parameters."
        )
    return spectrum_of(rho, length)


def summary(spectrum: Spectrum, provenance: Mapping[str, Any] | None) -> list[str]:
    """What a spectrum says, a sentence each.

    Args:
        spectrum: as it is read now.
        provenance: the run's audit, None where there is none.
    """
    fidelity, count = spectrum.fidelity, len(spectrum.fidelity.peaks)
    status = provenance["status"] if provenance else STATUS_OK
    if provenance and status != STATUS_OK:
        return [f"No score: {provenance['error'] or status.replace('_', ' ')}"]
    if fidelity.log_prime_sse is None:
        return [
            f"No score: the spectrum has {counted(count, 'peak')}, and fewer than {MIN_PEAKS} "
            "mean nothing."
        ]
    used = spectrum.used.size
    words = [
        f"log_prime_sse = {number(fidelity.log_prime_sse)}, with the scale S = "
        f"{number(fidelity.scale)} x, from "
        + (f"all {used} peaks." if used == count else f"the first {used} of {count} peaks.")
    ]
    if spectrum.missing:
        words.append(f"No peak is left for ln {_listed(spectrum.missing)}.")
    if provenance is None:
        words.append("Its audit is not there: nothing vouches for these figures.")
    elif provenance["spectral_fidelity"].get("log_prime_sse") != fidelity.log_prime_sse:
        found = number(provenance["spectral_fidelity"].get("log_prime_sse"))
        words.append(
            f"The audit found {found}: the file or the software is another now. Validate it again."
        )
    return words


def fit_html(spectrum: Spectrum) -> str:
    """A line a target: its peak, where it lies, how far off; missing ones named."""
    scale = spectrum.fidelity.scale
    if scale is None:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("", "Peak k [1/x]", "S·k", "Target", "Error"))
    rows = [
        f"<tr><td>{index}</td><td>{number(k)}</td><td>{number(scale * k)}</td>"
        f"<td>ln {prime} = {number(goal)}</td><td>{_signed(error)}</td></tr>"
        for index, (k, prime, goal, error) in enumerate(
            zip(spectrum.used, PRIMES, LOG_PRIMES, spectrum.errors, strict=False), start=1
        )
    ]
    rows += [
        f'<tr class="none"><td></td><td colspan="2">no peak</td><td>ln {prime} = '
        f"{number(float(np.log(prime)))}</td><td></td></tr>"
        for prime in spectrum.missing
    ]
    sse = html.escape(number(spectrum.fidelity.log_prime_sse))
    last = f'<tr><td></td><td colspan="3">Sum of squares</td><td>{sse}</td></tr>'
    return f'<div class="bare"><table><tr>{head}</tr>{"".join(rows)}{last}</table></div>'


def _listed(primes: Sequence[int]) -> str:
    texts = [str(prime) for prime in primes]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _signed(value: float) -> str:
    return number(value) if value <= 0 else f"+{number(value)}"
