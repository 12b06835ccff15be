"""Numbers, durations and ids as the page writes them: four significant digits, "–" for none."""

import math
import re

NONE = "–"
"""What stands where there is no value; never a sentinel number."""

ID_DIGITS = 8
"""Hex digits of a run's id that are shown; the whole id is in the tooltip."""


SYMBOLS = {
    "epsilon": "ε",
    "diffusion": "D",
    "dispersion": "c₁",
    "saturation": "b",
    "nonlinear_dispersion": "c₃",
    "param_kappa": "κ",
    "param_sigma_k": "σ",
    "param_alpha": "α",
    "source_amplitude": "F",
    "source_width": "w",
    "sdg_rho_vac": "ρ_vac",
    "sdg_tau": "τ",
    "sdg_length": "ℓ",
    "sdg_coupling": "χ",
    "gradient_weight": "η",
}
"""The letters of docs/model.md for what the equations hold."""


def number(value: float | None, digits: int = 4) -> str:
    """A number with four significant digits: 0.4121, 12,340, 6.4e-4, "–" for none.

    Args:
        value: what to write; None, NaN and infinities are "none".
        digits: significant digits.
    """
    if value is None or not math.isfinite(value):
        return NONE
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0:
        return "0"
    if not 1e-3 <= abs(rounded) < 1e6:
        mantissa, exponent = f"{rounded:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return _minus(f"{mantissa}e{int(exponent)}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{decimals}f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


NUMBER_JS = """(value) => {
  if (value === null || value === undefined || !isFinite(value)) { return "–" }
  const rounded = Number(Number(value).toPrecision(4)), size = Math.abs(rounded)
  const sign = rounded < 0 ? "−" : ""
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [mantissa, exponent] = size.toExponential().split("e")
    return sign + mantissa + "e" + Number(exponent)
  }
  return sign + size.toLocaleString("en-US", {maximumSignificantDigits: 4})
}"""
"""`number` in a browser: a function of JavaScript."""


def bare_exponents(text: str) -> str:
    """Words of another's hand with exponents as `number` writes them: 7.9e-05 becomes 7.9e-5."""
    return re.sub(r"(?<=\de)(-?)\+?0*(?=\d)", r"\1", text)


def count(value: int | None) -> str:
    """A whole number, thousands separated."""
    return NONE if value is None else f"{value:,}"


def counted(value: int, noun: str) -> str:
    """A count with its noun: "1 run", "12 runs"."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def duration(seconds: float | None) -> str:
    """A span of time in its two largest units: 35 s, 2 min 5 s, 1 h 12 min."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return NONE
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def size(count: float) -> str:
    """Bytes with two digits in the unit that keeps them readable: 0 B, 640 kB, 37 MB, 1.2 GB."""
    if count < 100:
        return f"{count:.0f} B"
    value, units = count / 1000, ["kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:,.1f} {units[0]}" if value < 9.95 else f"{value:,.0f} {units[0]}"


def rate(runs_per_second: float | None) -> str:
    """A speed in the unit that keeps it readable: 1.8 runs/s, 4.2 runs/min."""
    if not runs_per_second or not math.isfinite(runs_per_second):
        return NONE
    if runs_per_second >= 0.1:
        return f"{number(runs_per_second, 2)} runs/s"
    return f"{number(60 * runs_per_second, 2)} runs/min"


def short_id(run_id: str) -> str:
    """The first hex digits of a run's id, "–" for none."""
    return run_id[:ID_DIGITS] if run_id else NONE


def _minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text
