"""The Audit tab: what stands behind the verdicts, as the ledger and the files have it."""

import hashlib
import re
from dataclasses import replace

import pytest
from audited_hunt import becomes, hunted

from engine.hunt.retention import evict
from engine.store.ledger import Ledger
from irer_panel.audit_facts import AuditFacts, read_facts
from irer_panel.audit_html import config_html, facts_html
from irer_panel.background import NoLoop
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot, look
from irer_panel.views.audit_tab import AuditTab


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = hunted(tmp_path_factory.mktemp("facts"), search="epsilon=0.05:0.2 param_alpha=off")
    yield engine
    engine.close()


def facts_of(engine, run):
    return read_facts(engine.workspace, engine.reader, run)


def test_every_setting_is_there_and_the_searched_ones_are_marked(engine):
    row = engine.reader.runs()[0]
    facts = facts_of(engine, row["config_hash"])
    assert facts.config == engine.reader.run(row["config_hash"])["config"]
    text = config_html(facts)
    assert set(re.findall(r'data-key="(\w+)"', text)) == set(facts.config)
    marked = set(re.findall(r'class=searched data-key="(\w+)"', text))
    assert marked == {"epsilon", "param_kappa", "param_sigma_k"}
    assert text.count("◆</b>") == 3
    assert repr(facts.config["param_kappa"]) in text


def test_checksums_are_those_of_the_files(engine):
    run = engine.reader.runs()[0]["config_hash"]
    facts = facts_of(engine, run)
    workspace = engine.workspace
    paths = (
        workspace.artifact_path(run),
        workspace.provenance_path(run),
        workspace.config_path(run),
    )
    assert [file.name for file in facts.files] == [path.name for path in paths]
    for file, path in zip(facts.files, paths, strict=True):
        assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert file.bytes == path.stat().st_size
    text = facts_html(facts)
    assert all(f'title="{file.sha256}">{file.sha256}<' in text for file in facts.files)
    assert "as audited" in text


def test_a_served_page_opens_an_artifact_that_is_there_in_h5web(engine):
    run = engine.reader.runs()[0]["config_hash"]
    facts = facts_of(engine, run)
    assert f'<a href="h5web/{run}" target="_blank"' in facts_html(facts, served=True)
    assert "H5Web" not in facts_html(facts)  # a notebook has no server of ours
    assert "H5Web" not in facts_html(replace(facts, kept=False), served=True)


def test_the_audit_says_what_it_drew_with_what_and_how_long(engine):
    run = engine.reader.best()["config_hash"]
    facts = facts_of(engine, run)
    text, provenance = facts_html(facts), facts.provenance
    draws = provenance["spectral_fidelity"]["null_phase_scramble"]["draws"]
    assert f"{draws} draws" in text
    assert f"numpy {provenance['software']['numpy']}" in text
    assert "Device" in text
    assert "Time taken" in text


def test_an_artifact_that_changed_or_went_is_said(tmp_path):
    engine = hunted(tmp_path, num_generations=1, population_size=2)
    first, second = (row["config_hash"] for row in engine.reader.runs())
    with engine.workspace.artifact_path(first).open("ab") as file:
        file.write(b"more")
    assert "not the file that was audited" in facts_html(facts_of(engine, first))
    with Ledger(engine.workspace.ledger_path) as ledger:
        evict(engine.workspace, ledger, [second])
    assert "evicted on 20" in facts_html(facts_of(engine, second))
    engine.workspace.artifact_path(first).unlink()
    assert "not there" in facts_html(facts_of(engine, first))
    engine.close()


def test_nothing_from_a_file_becomes_markup():
    provenance = {
        "status": "ok",
        "error": "<b>",
        "warnings": ["<i>"],
        "spectral_fidelity": {},
        "artifact": {"device_kind": "<u>"},
        "software": {"<s>": "<s>"},
        "timing": {},
    }
    text = facts_html(AuditFacts("a" * 40, provenance)) + config_html(
        AuditFacts("a" * 40, provenance, {"model": "<b>"}, ())
    )
    assert not re.search(r"<[bius]>", text)


def test_the_selected_run_is_followed(engine):
    selection = Selection()
    tab = AuditTab(engine, selection, NoLoop(), snapshot=look(engine, Snapshot()))
    run = engine.reader.runs()[0]["config_hash"]
    selection.pick(run)
    becomes(lambda: "Checksums" in tab._facts.object)
    becomes(lambda: f'data-run="{run}"' in tab.verdicts._pane.object)
    assert 'data-key="seed"' in tab._config.object
    assert not tab.recheck.validate.disabled
    selection.pick("f" * 40)
    becomes(lambda: "expected a provenance report" in tab._facts.object)
    assert "neither in the ledger nor in an audit" in tab._config.object
    tab.close()
