"""The columns of the run list."""

from irer_panel.run_page import KEYS
from irer_panel.wording import SYMBOLS

COLUMNS = {
    "marked": "",
    "config_hash": "Run",
    "generation": "Gen",
    "member": "Member",
    "param_kappa": "κ",
    "param_sigma_k": "σ",
    "param_alpha": "α",
    "log_prime_sse": "SSE",
    "p": "p",
    "sdg_h_norm_l2": "H-norm",
    "n_peaks": "Peaks",
    "pcs_score": "PCS",
    "evolution_residual": "Residual",
    "defect_density": "Defects",
    "fitness": "Fitness",
    "status": "Status",
    **{key: SYMBOLS[key] for key in KEYS},
}
"""Columns of the list, with their headings."""

USUAL = (
    "config_hash",
    "generation",
    "param_kappa",
    "param_sigma_k",
    "param_alpha",
    "log_prime_sse",
    "p",
    "sdg_h_norm_l2",
    "fitness",
    "status",
)
"""Those that are shown at first."""

CHOICE = {name: heading for name, heading in COLUMNS.items() if name != "marked"}
"""Those that a user chooses from."""
