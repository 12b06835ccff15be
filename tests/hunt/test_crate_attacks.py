"""Crates that somebody made to harm, or that were damaged on the way: each is refused whole."""
# ruff: noqa: F811  (fixtures)

import hashlib
import json
import stat
import zipfile

import pytest
from test_crate import contents, crate, empty, hunt_id, hunted  # noqa: F401  (fixtures)

from engine.errors import EngineError
from engine.hunt.crate_contents import METADATA
from engine.hunt.crate_import import import_crate
from engine.store.reader import LedgerReader


class Entries(dict):
    """Names and bytes of a crate; `modes` and `twice` are what a zip can say besides."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            super().__init__({name: archive.read(name) for name in archive.namelist()})
        self.modes, self.twice, self.method = {}, [], zipfile.ZIP_DEFLATED

    def first(self, folder):
        return next(name for name in self if name.startswith(folder))

    def describe(self):
        """Sums in the metadata that are true of what is there now."""
        metadata = json.loads(self[METADATA])
        graph = [each for each in metadata["@graph"] if each["@type"] != "File"]
        for name, data in self.items():
            sums = {"sha256": hashlib.sha256(data).hexdigest(), "contentSize": str(len(data))}
            graph += [{"@id": name, "@type": "File", **sums}] * (name != METADATA)
        self[METADATA] = json.dumps({**metadata, "@graph": graph}).encode()

    def write(self, path):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self.items():
                info = zipfile.ZipInfo(name)
                info.compress_type = self.method
                info.external_attr = self.modes.get(name, 0o644) << 16
                archive.writestr(info, data)
            archive.filelist += [archive.getinfo(name) for name in self.twice]


def named(name, data=b"x", mode=0o644):
    def change(entries):
        entries[name] = data
        entries.modes[name] = mode
        entries.describe()

    return change


def edited(folder, change):
    """A JSON file of the crate with other values, and true sums."""

    def apply(entries):
        name = entries.first(folder)
        document = json.loads(entries[name])
        change(document)
        entries[name] = json.dumps(document).encode()
        entries.describe()

    return apply


def flipped(folder, described):
    def apply(entries):
        name = entries.first(folder)
        data = bytearray(entries[name])
        data[len(data) // 2] ^= 1
        entries[name] = bytes(data)
        if described:
            entries.describe()

    return apply


def repeated(entries):
    name = entries.first("input_configs")
    entries.twice.append(name)


def renamed(entries):
    name = entries.first("simulation_data")
    entries[f"simulation_data/rho_history_{40 * '0'}.h5"] = entries.pop(name)
    entries.describe()


def without(name):
    return lambda entries: entries.pop(entries.first(name))


def symlinked(entries):
    name = entries.first("input_configs")
    entries[name] = b"/etc/passwd"
    entries.modes[name] = stat.S_IFLNK | 0o777
    entries.describe()


def in_lzma(entries):
    entries.method = zipfile.ZIP_LZMA


def of_hunt(new, created=None):
    """The hunt under another id."""

    def change(entries):
        name = entries.first("analysis_reports/hunt")
        record = json.loads(entries.pop(name))
        record |= {"hunt_id": new, "created": created or record["created"]}
        for other in [each for each in entries if each.startswith("analysis_reports")]:
            del entries[other]
        entries[f"analysis_reports/hunt_{new}.json"] = json.dumps(record).encode()
        entries.describe()

    return change


def hunt_with(**values):
    return edited("analysis_reports/hunt", lambda record: record.update(values))


def of_another_report(entries):
    name = entries.first("analysis_reports/significance")
    entries["analysis_reports/significance_2026-01-01-001.json"] = entries.pop(name)
    entries.describe()


def placed(change):
    """The lines of the places otherwise, and true sums."""

    def apply(entries):
        name = next(each for each in entries if each.endswith("_places.jsonl"))
        lines = [json.loads(line) for line in entries[name].splitlines()]
        change(lines)
        entries[name] = "".join(json.dumps(line) + "\n" for line in lines).encode()
        entries.describe()

    return apply


def unplaced(change):
    """The change in a crate of an older version, which has no places."""

    def apply(entries):
        del entries[next(each for each in entries if each.endswith("_places.jsonl"))]
        change(entries)

    return apply


def better(lines):
    scored = next(line for line in lines[1:] if line[4] is not None)
    scored[4] += 1


def of_another_hunt_s_places(entries):
    name = next(each for each in entries if each.endswith("_places.jsonl"))
    entries["analysis_reports/hunt_2026-01-01-001_places.jsonl"] = entries.pop(name)
    entries.describe()


def escaping(entries):
    metadata = json.loads(entries[METADATA])
    odd = {"@id": "\x1b[2J\x1b]0;mine\x07", "@type": "File", "contentSize": "1", "sha256": "x"}
    metadata["@graph"].append(odd)
    entries[METADATA] = json.dumps(metadata).encode()


BOMB = b"{" + b" " * 900_000 + b" " * 9_000_000 + b"}"
CASES = {
    "a folder up": (named("../evil.json"), "a file named"),
    "a folder up, further in": (named("input_configs/../../evil"), "a file named"),
    "an absolute path": (named("/tmp/evil"), "a file named"),
    "a backslash": (named("..\\evil"), "a file named"),
    "a stranger": (named("access.json", b"{}"), "a file named"),
    "a ledger of another kind": (named("simulation_ledger.sqlite"), "a file named"),
    "an id in other digits": (
        named(f"input_configs/config_{40 * chr(0x0661)}.json"),
        "a file named",
    ),
    "a link": (symlinked, "which is a link"),
    "a pipe": (
        named(f"input_configs/config_{40 * '0'}.json", b"", stat.S_IFIFO | 0o644),
        "which is a link",
    ),
    "a name twice": (repeated, "twice"),
    "a bomb": (named(f"provenance_reports/provenance_{40 * '0'}.json", BOMB), "bytes"),
    "a longer config than there is": (
        named(f"input_configs/config_{40 * '0'}.json", bytes(range(256)) * 5000),
        "bytes",
    ),
    "no metadata": (without(METADATA), "none or several"),
    "no hunt": (without("analysis_reports/hunt"), "none or several"),
    "a file that is missing": (without("input_configs"), "of which the metadata tell"),
    "a file that nobody names": (
        lambda entries: entries.update({f"input_configs/config_{40 * '0'}.json": b"{}"}),
        "the metadata say nothing",
    ),
    "a bit of an artifact": (flipped("simulation_data", False), "another size or SHA-256"),
    "the same with its sum": (flipped("simulation_data", True), "not the file that was audited"),
    "metadata that are none": (
        lambda entries: entries.update({METADATA: b"[1]"}),
        "expected an object",
    ),
    "a graph that is none": (
        lambda entries: entries.update({METADATA: b'{"@graph": [1]}'}),
        "@graph of objects",
    ),
    "metadata nested deeply": (
        lambda entries: entries.update({METADATA: b'{"a":' + b"[" * 50_000}),
        "nested too deeply",
    ),
    "an artifact under another run's name": (renamed, "without an audit"),
    "an audit of another run": (
        edited("provenance_reports", lambda p: p.update(config_hash=40 * "0")),
        "config_hash is",
    ),
    "an audit of another config": (
        edited("provenance_reports", lambda p: p["config"].update(seed=99)),
        "config of another run",
    ),
    "a score beside a failure": (
        edited("provenance_reports", lambda p: p.update(status="perfect")),
        "status",
    ),
    "a config of another run": (
        edited("input_configs", lambda p: p.update(seed=99)),
        "config of another run",
    ),
    "a hunt of another id": (
        edited("analysis_reports/hunt", lambda p: p.update(hunt_id="2020-01-01-001")),
        "expected the record of hunt",
    ),
    "settings that cannot be": (
        edited("analysis_reports/hunt", lambda p: p["settings"].update(population_size=-1)),
        "population_size",
    ),
    "a scheduler, whose answers are unpickled": (
        edited("analysis_reports/hunt", lambda p: p["settings"].update(scheduler="tcp://evil:1")),
        "a hunt on the scheduler",
    ),
    "a number that leaves none for others": (of_hunt("2026-01-01-999999999"), "a file named"),
    "a day that is none": (of_hunt("2026-02-31-001"), "day is out of range"),
    "a day that never comes": (of_hunt("9999-12-31-001"), "of a day that cannot be"),
    "a day before its begin": (of_hunt("2020-01-01-001"), "of a day that cannot be"),
    "a begin that never comes": (
        of_hunt("9999-12-31-001", "9999-12-31T00:00:00+00:00"),
        "not a time in UTC that has been",
    ),
    "a begin that is a number": (hunt_with(created=20260101), "hunt created"),
    "a begin in words": (hunt_with(created="<script>\x1b[2J"), "Invalid isoformat"),
    "an end that is an object": (hunt_with(ended={"a": 1}), "isoformat"),
    "an end that commands a terminal": (hunt_with(ended="\x1b[2J"), "isoformat"),
    "a state that is none": (hunt_with(state="won\x1b[2J"), "got state"),
    "a state that is a list": (hunt_with(state=["stopped"]), "got state"),
    "a reason that is a number": (hunt_with(reason=1), "reason is no text"),
    "a reason that commands a terminal": (hunt_with(reason="\x1b[2J"), "hunt reason"),
    "a probability of two": (
        unplaced(
            edited(
                "provenance_reports",
                lambda p: p.update(
                    status="ok",
                    log_prime_sse=1.0,
                    spectral_fidelity={"log_prime_sse": 1.0, "p_phase_scramble": 2.0},
                ),
            )
        ),
        "CHECK constraint failed",
    ),
    "more peaks than a column holds": (
        edited("provenance_reports", lambda p: p["spectral_fidelity"].update(n_peaks=2**70)),
        "too large",
    ),
    "a fitness that no audit gives": (placed(better), "whose audit makes it"),
    "a place of a run that did not come": (
        placed(lambda lines: lines[1].__setitem__(3, 40 * "0")),
        "no audit",
    ),
    "a place of a run by no id": (
        placed(lambda lines: lines[1].__setitem__(3, "../../etc/passwd")),
        "run id",
    ),
    "a place that two runs have": (
        placed(lambda lines: lines[2].__setitem__(slice(0, 3), lines[1][:3])),
        "twice",
    ),
    "a place that is lost": (placed(lambda lines: lines.pop()), "7 of 8 places"),
    "another hunt's places": (of_another_hunt_s_places, "places of another hunt"),
    "places of another hunt by their contents": (
        placed(lambda lines: lines[0].update(hunt_id="2026-01-01-001")),
        "expected the places of one hunt",
    ),
    "another hunt's report": (of_another_report, "significance of another hunt"),
    "a report of another hunt by its contents": (
        edited("analysis_reports/significance", lambda p: p.update(hunt_id="2026-01-01-001")),
        "of hunt '2026-01-01-001'",
    ),
    "a report that is none": (
        edited("analysis_reports/significance", lambda p: p.update(conclusion=[])),
        "without its conclusion",
    ),
    "a method that we do not write": (in_lzma, "packed by method 14"),
    "a name that commands a terminal": (escaping, "of which the metadata tell"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_refused_and_the_workspace_is_as_it_was(crate, empty, tmp_path, case):
    change, words = case
    entries = Entries(crate)
    change(entries)
    path = tmp_path / "bad.zip"
    entries.write(path)
    before, outside = contents(empty), sorted(tmp_path.iterdir())
    with pytest.raises(EngineError) as refusal:
        import_crate(path, empty)
    assert words in str(refusal.value)
    assert str(refusal.value).isprintable()
    assert contents(empty) == before
    assert sorted(tmp_path.iterdir()) == outside
    assert LedgerReader(empty.ledger_path).runs() == []
    assert LedgerReader(empty.ledger_path).hunts() == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_crate_that_was_cut_off_is_refused(crate, empty, tmp_path, share):
    path = tmp_path / "cut.zip"
    path.write_bytes(crate.read_bytes()[: int(share * crate.stat().st_size)])
    with pytest.raises(EngineError, match="expected a crate"):
        import_crate(path, empty)
    assert contents(empty) == {}


def test_files_that_lie_over_each_other_are_refused(crate, empty, tmp_path):
    """A zip whose entries share their bytes unpacks into any number of copies of them."""
    path = tmp_path / "overlap.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(METADATA, "{}")
        one = "analysis_reports/hunt_2020-01-01-001.json"
        archive.writestr(one, bytes(range(256)) * 400)
        for index in range(1000):
            copied = zipfile.ZipInfo(f"input_configs/config_{index:040x}.json")
            kept = archive.getinfo(one)
            for name in ("header_offset", "file_size", "compress_size", "CRC", "compress_type"):
                setattr(copied, name, getattr(kept, name))
            archive.filelist.append(copied)
            archive.NameToInfo[copied.filename] = copied
    with pytest.raises(EngineError, match="over each other"):
        import_crate(path, empty)
