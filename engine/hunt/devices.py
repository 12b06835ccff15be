"""What a hunt computes on: this machine's device, or the workers of a cluster."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.cores import step_aside
from engine.hunt.batch import Submit, on_executor
from engine.settings import HuntSettings
from engine.store.workspace import Workspace

if TYPE_CHECKING:
    from engine.physics.memory import BatchPlan


@dataclass(frozen=True)
class Device:
    """Where batches go.

    Attributes:
        submit: hands over a batch.
        batch_size: runs that are best computed together.
        name: for people.
    """

    submit: Submit
    batch_size: int
    name: str


@contextlib.contextmanager
def opened(settings: HuntSettings, workspace: Workspace) -> Iterator[Device]:
    """The device that a hunt's settings name, until the block ends.

    Raises:
        DeviceMemoryError: not even one run fits into its memory.
        ClusterError: the cluster cannot be reached or cannot do the work.
    """
    if settings.scheduler:
        from engine.hunt.cluster import Cluster, connected

        with connected(settings.scheduler) as client:
            cluster = Cluster(client, settings, workspace)
            yield Device(cluster.submit, cluster.plan.runs, cluster.plan.device)
        return
    # XLA computes in threads of its own, as polite as the one that first asked for them.
    with ThreadPoolExecutor(1, "irer-plan", step_aside) as aside:
        plan = aside.submit(plan_of, settings).result()
    with ThreadPoolExecutor(plan.threads, "irer-device", step_aside) as threads:
        yield Device(on_executor(threads), plan.runs, plan.device)


def plan_of(settings: HuntSettings) -> "BatchPlan":
    """How the runs of a hunt are best computed on the machine that asks."""
    # JAX starts with the first hunt, not where hunts are only watched.
    from engine.physics.memory import plan_batches

    wanted = settings.population_size * settings.replicates
    return plan_batches(settings.base, wanted, settings.frames_of(settings.base))
