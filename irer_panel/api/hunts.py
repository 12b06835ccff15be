"""Commands to the engine: start, stop, pause and resume the one hunt of the workspace."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from engine.errors import SettingsError
from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from irer_panel.api.command import CommandHandler
from irer_panel.api.limits import HUNT_RUNS, STARTS
from irer_panel.api.problem import Problem
from irer_panel.api.schemas import unknown_settings, wrong_settings
from irer_panel.rate import wait_of

_commands = ThreadPoolExecutor(1, thread_name_prefix="irer-command")
"""A start takes seconds, and those behind it wait at the engine's door: not among the readers."""


class StartHandler(CommandHandler):
    """POST /api/start-hunt."""

    async def post(self) -> None:
        """Start a hunt.

        Raises:
            Problem: a setting is wrong, a hunt is under way, here or in another process, or it is
                asked too often.
        """
        if wait := wait_of(self, "irer_starts", STARTS):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"start-hunt: too many from this address; ask again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        values = self.body(required=True)
        await self.off_loop(_check, values)
        engine = await self.engine()
        hunt_id = await self.off_loop(_start, engine, values, executor=_commands)
        self.answer({"hunt_id": hunt_id}, HTTPStatus.ACCEPTED)


_STEPS = {
    "stop": (Engine.stop_hunt, "one under way"),
    "pause": (Engine.pause_hunt, "one that is running"),
    "resume": (Engine.resume_hunt, "one that is paused"),
}


class SteerHandler(CommandHandler):
    """POST /api/stop-hunt, /api/pause-hunt and /api/resume-hunt."""

    async def post(self, step: str) -> None:
        """Take the step.

        Raises:
            Problem: there is no hunt in this process that it could be taken with.
        """
        if names := list(self.body(required=False)):
            wrong = dict.fromkeys(names, "expected nothing; leave it out.")
            detail = "body: expected an empty object; a hunt keeps its settings."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, wrong)
        engine = await self.engine()
        take, wanted = _STEPS[step]
        if not await self.off_loop(take, engine, executor=_commands):
            state = engine.status().state
            raise Problem(
                HTTPStatus.CONFLICT,
                f"{step}-hunt: the hunt of this server is {state}, expected {wanted}; "
                "see GET /api/get-status.",
            )
        self.answer({"hunt_id": engine.status().hunt_id}, HTTPStatus.ACCEPTED)


def _check(values: Mapping[str, Any]) -> None:
    if not (wrong := wrong_settings(values)):
        return
    unnamed = len(unknown_settings(values) - wrong.keys())
    names = f"{len(wrong)} of them" if unnamed else "each"
    raise Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{len(wrong) + unnamed} settings cannot be accepted; errors names {names}.",
        wrong,
    )


def _start(engine: Engine, values: Mapping[str, Any]) -> str:
    settings = HuntSettings.from_mapping(values)
    if settings.total_runs > HUNT_RUNS:
        raise SettingsError(
            f"num_generations: got {settings.total_runs:,} runs with population_size and "
            f"replicates, expected at most {HUNT_RUNS:,} over HTTP; ask for fewer, or use `irer "
            "hunt`.",
            field="num_generations",
        )
    return engine.start_hunt(settings)
