"""Compiled programs outlive the process that compiled them, so that the next one starts at once."""

import os
from pathlib import Path

import jax


def keep_compiled_programs() -> None:
    """Let JAX keep what it compiles under $XDG_CACHE_HOME/irer, else ~/.cache/irer.

    Where the user has chosen another folder it stays; where ours cannot be written, nothing is
    kept.
    """
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = Path(home).expanduser() / "irer"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: nobody knows where home is
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
