"""A hunt whose runs were never computed: as small as one can be that is written as a crate."""

from engine.audit.report import audit_run
from engine.hunt.runs import failed_provenance
from engine.settings import HuntSettings, RunConfig
from engine.store import strict_json
from engine.store.ledger import Ledger
from engine.store.provenance import read_provenance, write_provenance
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace, atomic_write_bytes

SCORES = {
    "log_prime_sse": 1.0,
    "p_phase_scramble": 0.5,
    "p_target_shuffle": 0.5,
    "sse_null_phase_scramble": 1.0,
    "sse_null_target_shuffle": 1.0,
    "n_peaks": 4,
}


def made_hunt(root, statuses=("ok", "ok", "diverged"), settings=None, end="completed"):
    """A workspace with one hunt that is over; a run of `artifact_missing` has a real audit."""
    place = Workspace.open(root)
    with Ledger(place.ledger_path) as ledger:
        hunt_id = ledger.create_hunt(settings or HuntSettings())
        for member, status in enumerate(statuses):
            row = made_run(place, member, status)
            ledger.commit_run(hunt_id, 0, member, row, 1.0 if status == "ok" else None)
        ledger.finish_hunt(hunt_id, end)
    return place, hunt_id


def made_run(place, seed, status):
    config = RunConfig(seed=seed)
    name = config.config_hash
    text = strict_json.dumps(config.to_dict())
    atomic_write_bytes(place.config_path(name), text.encode())
    if status == "artifact_missing":
        audit_run(str(place.root), name, 19)
    else:
        provenance = failed_provenance(config, status, "")
        if status == "ok":
            provenance |= {"spectral_fidelity": SCORES, "log_prime_sse": 1.0}
        write_provenance(place.provenance_path(name), provenance)
    return RunRow.from_provenance(config, read_provenance(place.provenance_path(name)))


def software_of(place, name, **versions):
    """Have a run's audit be by other software."""
    path = place.provenance_path(name)
    write_provenance(path, {**read_provenance(path), "software": versions})
