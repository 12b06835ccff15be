"""What has been computed: the run list, page by page, and one run."""

from http import HTTPStatus
from typing import Any

from engine.hunt.engine import Engine
from irer_panel.api.handler import ApiHandler
from irer_panel.api.problem import Problem
from irer_panel.api.query import RunQuery, read_query


class RunsHandler(ApiHandler):
    """GET /api/runs."""

    async def get(self) -> None:
        """Answer with a page of the list.

        Raises:
            Problem: a parameter is wrong.
        """
        texts = {name: self.get_query_arguments(name) for name in self.request.query_arguments}
        query = read_query(texts)
        self.answer(await self.off_loop(_page, await self.engine(), query))


class RunHandler(ApiHandler):
    """GET /api/runs/<id>."""

    async def get(self, run: str) -> None:
        """Answer with all that the ledger has on a run.

        Raises:
            Problem: there is no such run.
        """
        found = await self.off_loop(_run, await self.engine(), run)
        if found is None:
            raise unknown(run)
        self.answer(found)


def unknown(run: str) -> Problem:
    """The refusal of a run that nobody knows."""
    return Problem(
        HTTPStatus.NOT_FOUND, f"run {run}: not in the ledger; GET /api/runs lists those that are."
    )


def _page(engine: Engine, query: RunQuery) -> dict[str, Any]:
    how: dict[str, Any] = {"order": query.order, "filters": query.filters}
    rows = engine.reader.runs(query.hunt, limit=query.limit, offset=query.offset, **how)
    total = engine.reader.count(query.hunt, query.filters)
    return {"total": total, "offset": query.offset, "limit": query.limit, "runs": rows}


def _run(engine: Engine, run: str) -> dict[str, Any] | None:
    found = engine.reader.run(run)
    return None if found is None else {**found, "links": engine.reader.links(run)}
