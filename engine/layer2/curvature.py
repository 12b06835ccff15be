"""The Ricci scalar of a metric on the periodic square, by two ways that share no formula.

    closed form of γ = Ω²·diag(1, 1, 1):    R⁽³⁾ = −Ω⁻²(4∇²lnΩ + 2|∇lnΩ|²)
    any metric, in two or three dimensions:
        Γᵏᵢⱼ = ½γᵏˡ(∂ᵢγₗⱼ + ∂ⱼγᵢₗ − ∂ₗγᵢⱼ)
        Rᵢⱼ  = ∂ₖΓᵏᵢⱼ − ∂ⱼΓᵏᵢₖ + ΓᵏₖₗΓˡᵢⱼ − ΓᵏⱼₗΓˡᵢₖ,        R = γⁱʲRᵢⱼ

Fields are (…, y, x), N × N on the square of side L, and do not depend on z; indices are in the
order x, y, z. Derivatives are spectral, in float64; R is in 1/x². Signs as in Misner, Thorne &
Wheeler, Gravitation (1973): a sphere has R > 0.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.audit.spectrum import Floats


def conformal_curvature(omega_squared: NDArray[np.floating], domain_length: float) -> Floats:
    """R⁽³⁾ of γ = Ω²·diag(1, 1, 1), (N, N), from Ω² > 0."""
    log_omega = np.log(omega_squared.astype(np.float64)) / 2
    kx, ky = _wavenumbers(omega_squared.shape[-1], domain_length)
    spectrum = scipy.fft.rfft2(log_omega)
    laplacian = scipy.fft.irfft2(-(kx**2 + ky**2) * spectrum, s=log_omega.shape)
    along_x, along_y = gradient(log_omega, domain_length)
    return -(4 * laplacian + 2 * (along_x**2 + along_y**2)) / omega_squared


def connection(metric: Floats, domain_length: float) -> Floats:
    """Γᵏᵢⱼ in the order [k, i, j], (D, D, D, N, N), of a metric (D, D, N, N), D = 2 or 3."""
    change = np.zeros((len(metric), *metric.shape))  # ∂ of what, then the metric's own indices
    for i, row in enumerate(metric):
        for j, entry in enumerate(row):
            change[:2, i, j] = gradient(entry, domain_length)
    lowered = np.moveaxis(change, 0, 1) + np.moveaxis(change, 0, 2) - change
    return np.einsum("klyx,lijyx->kijyx", inverse(metric), lowered / 2)


def ricci_scalar(metric: Floats, connection: Floats, domain_length: float) -> Floats:
    """R = γⁱʲRᵢⱼ, (N, N).

    Args:
        metric: γᵢⱼ, (D, D, N, N).
        connection: its Γᵏᵢⱼ, as `connection` gives it; anybody's will do.
        domain_length: L.
    """
    dimension = len(metric)
    trace = np.einsum("kikyx->iyx", connection)
    ricci = np.einsum("lyx,lijyx->ijyx", trace, connection)
    ricci -= np.einsum("kjlyx,likyx->ijyx", connection, connection)
    for i in range(dimension):
        ricci[i, :2] -= gradient(trace[i], domain_length)
        for j in range(dimension):
            for k in range(2):
                ricci[i, j] += gradient(connection[k, i, j], domain_length)[k]
    return np.einsum("ijyx,ijyx->yx", inverse(metric), ricci)


def inverse(metric: Floats) -> Floats:
    """γⁱʲ, (D, D, N, N)."""
    points = np.linalg.inv(np.moveaxis(metric, (0, 1), (-2, -1)))
    return np.moveaxis(np.asarray(points, np.float64), (-2, -1), (0, 1))


def gradient(field: Floats, domain_length: float) -> Floats:
    """(∂_x, ∂_y) of a real field (N, N): (2, N, N).

    The Nyquist mode, whose derivative no real field has, is left out.
    """
    size = field.shape[-1]
    kx, ky = _wavenumbers(size, domain_length)
    if size % 2 == 0:
        kx[0, size // 2] = ky[size // 2, 0] = 0
    spectrum = scipy.fft.rfft2(field)
    return np.stack([scipy.fft.irfft2(1j * k * spectrum, s=field.shape) for k in (kx, ky)])


def _wavenumbers(size: int, domain_length: float) -> tuple[Floats, Floats]:
    """k_x ≥ 0 as a row and k_y as a column."""
    m = np.fft.fftfreq(size, 1 / size).astype(np.float64)
    scale = 2 * np.pi / domain_length
    return scale * np.abs(m[: size // 2 + 1])[None, :], scale * m[:, None]
