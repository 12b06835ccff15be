"""What the settings amount to, in words: runs, disk, and what is there of it."""

from engine.errors import SettingsError
from engine.hunt.retention import hunt_bytes
from engine.settings import HuntSettings
from irer_panel.controls import HuntControls
from irer_panel.room import Room
from irer_panel.wording import counted, size


def size_words(controls: HuntControls, room: Room | None) -> str:
    """The line under Start: "3 × 4 = 12 runs, about 9.4 MB. The workspace holds …".

    Args:
        controls: the settings as they stand.
        room: of the workspace; None until it is known.
    """
    if count := len(controls.errors):
        fields = "1 field needs" if count == 1 else f"{count} fields need"
        return f"{fields} correction before Start."
    try:
        settings = controls.settings()
    except SettingsError as error:
        return str(error)
    return f"{runs_words(settings)}{disk_words(settings, room)}"


def runs_words(settings: HuntSettings) -> str:
    """How many runs: "3 × 4 = 12 runs", "3 × 4 × 2 seeds = 24 runs, 20 at most"."""
    factors = [f"{settings.num_generations:,}", f"{settings.population_size:,}"]
    if settings.replicates > 1:
        factors.append(counted(settings.replicates, "seed"))
    asked = settings.num_generations * settings.population_size * settings.replicates
    words = f"{' × '.join(factors)} = {counted(asked, 'run')}"
    return words if settings.total_runs == asked else f"{words}, {settings.total_runs:,} at most"


def disk_words(settings: HuntSettings, room: Room | None) -> str:
    """What they add to the disk, and what is there."""
    peak, final = hunt_bytes(settings)
    words = f", about {size(final)}"
    if size(peak) != size(final):
        words += f" (at times {size(peak)})"
    if room is None:
        return f"{words}."
    words += f". The workspace holds {size(room.held)}, {size(room.free)} free."
    return f"{words} That is not enough." if peak > room.free else words
