"""What each figure of the page shows, how to read it, and what would fool its reader."""

from collections.abc import Mapping
from dataclasses import dataclass

_METRICS = "docs/metrics.md"


@dataclass(frozen=True)
class Entry:
    """A figure explained.

    Attributes:
        title: as the page names it.
        text: two or three sentences.
        units: of its numbers.
        heading: where the page goes on.
        page: of the documentation.
    """

    title: str
    text: str
    units: str
    heading: str
    page: str = _METRICS


_TOP = (
    Entry(
        "State and tiles",
        "Whether the hunt is alive, how far it is, and its newest figures. The last SSE and H-norm "
        "are those of the last run, not of the best. A low SSE alone means nothing: read the p "
        "under it, and the number of peaks.",
        "SSE, H-norm and fitness have no unit; speed is in runs a second or minute.",
        "A hunt looks at many runs",
    ),
    Entry(
        "Fields",
        "The final fields of the selected run, or what follows from them, cell by cell. The line "
        "under a pane says how many cells lie under a pixel; the mean hides single high cells, "
        "max and min do not. The colour limits are each run's own unless they are fixed: two runs "
        "of equal colours may differ a hundredfold. The constraint residual is "
        "ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀: 0 where the constraint holds.",
        "x, y and every field are without unit, as in the model; a phase is in radians.",
        "Two fields on a periodic square",
        "docs/model.md",
    ),
)

_RUNS = (
    Entry(
        "Run list",
        "Every run at every place that it has in the hunt, as the ledger holds it; headers sort "
        "all of them, not only the page. p is the larger of the two null p-values, before any "
        "correction. A failed run has no score, and comes last in any order of scores.",
        "All figures are without unit; “–” stands for none.",
        "Failure classes",
    ),
    Entry(
        "Best run",
        "The fittest run with a score, and what the hunt's report concludes of it. The best of a "
        "hundred scores is low whether or not it means anything. Promote computes it again on a "
        "finer grid, which shows whether the grid made it.",
        "Fitness has no unit.",
        "A run again, better resolved",
        "docs/retention.md",
    ),
)

_HUNT = (
    Entry(
        "Fidelity and stability",
        "Each scored run by its SSE and H-norm, small being good in both; the line is the front "
        "that no run beats in both, the box is where success lies. The more solid a point, the "
        "smaller the larger of its two p-values; a diamond is below 0.01, before correction.",
        "Both are without unit, on logarithmic axes.",
        "A hunt as a whole",
    ),
    Entry(
        "Evolution",
        "Best run, median and the middle half of each generation's runs with a score; the step "
        "line is the best so far. Failed runs are counted under the cursor, and enter no line. "
        "The best of many draws improves even where nothing is learnt: look at the median too.",
        "Fitness, SSE and H-norm are without unit.",
        "A hunt as a whole",
    ),
    Entry(
        "Parallel coordinates",
        "Each scored run is a line that crosses every axis at its value; keys span their searched "
        "interval, figures what was found. A box over an axis selects the runs that cross it "
        "there, in the scatters too; the selected run is the thick cyan line.",
        "Each axis is in its key's own units, as the settings name them.",
        "A hunt as a whole",
    ),
    Entry(
        "Parameter against figure",
        "Each scored run by one searched key and one figure. Runs that a box or lasso of any of "
        "these figures selects are cyan in all of them. A search crowds where it found something: "
        "many points in one place are its choice, not the model's.",
        "The key's own units; figures are without.",
        "A hunt as a whole",
    ),
    Entry(
        "Stability–fidelity correlation",
        "Correlation of log SSE with log H-norm over the scored runs: above 0, fidelity and "
        "stability come together. +0.72 was once reported. It belongs to the runs that the "
        "search chose, and is no property of the model.",
        "From −1 to 1; the interval holds 95 %.",
        "A hunt as a whole",
    ),
    Entry(
        "Importances",
        "How differently the best tenth of the runs chose each searched key from all runs "
        "(PED-ANOVA), as shares of 100 %. It does not say which way to turn a key, and sees none "
        "that matter only together.",
        "Percent.",
        "A hunt as a whole",
    ),
    Entry(
        "Failures",
        "What became of the hunt's runs, by class. A failed run never becomes a score: it enters "
        "no line, no mean and no correlation. A run that the search asked for twice counts twice.",
        "Numbers of runs, and percent.",
        "Failure classes",
    ),
    Entry(
        "Lineage",
        "Parents of the selected run, drawn again from the hunt's seed where its strategy is "
        "genetic, and the runs that promote or replicate it. Where nothing is known, it says so.",
        "Figures of the runs, without unit.",
        "A hunt as a whole",
    ),
)

_SPECTRUM = (
    Entry(
        "Spectrum",
        "Power of ρ by wavenumber, its peaks, and where ln 2, ln 3, ln 5 … would put them at the "
        "best scale. A noisy spectrum is full of peaks: being one says nothing about being more "
        "than noise. With few peaks the scale alone can make them fit.",
        "Wavenumbers are in 1/x, 2π/L apart; power has no unit.",
        "The spectral score",
    ),
    Entry(
        "Null hypotheses",
        "What chance scores: fields of the same |ψ̂| with random phases, and the same peaks "
        "against other orders of the primes' gaps. The line is the run's own score; p is the share "
        "that scores as low. With 3 peaks the second cannot be significant, however good the fit.",
        "SSE and p are without unit.",
        "Two null hypotheses",
    ),
)

_AUDIT = (
    Entry(
        "Verdicts",
        "Seven questions to the run's file, answered by code that shares nothing with the solver. "
        "“open” means that a line was not reached, not that it passed. Significance here is of "
        "this run alone, before the hunt's other runs are counted against it.",
        "Each line has its figure and threshold, without unit.",
        "Seven verdicts",
    ),
    Entry(
        "Validate again, Reproduce",
        "The first audits the file once more; the second computes the run once more from its "
        "config and compares every dataset. Neither changes what is kept. On another kind of "
        "device the bytes may differ though nothing is wrong.",
        "Bytes are compared, hence no unit.",
        "Physics and integrity",
    ),
    Entry(
        "Golden parameters",
        "The config of the hunt's best run as JSON, with what its report says of it. They are the "
        "best of this hunt, which is not to say that they are good: read the sentence above them.",
        "Keys in the units of the settings.",
        "A worked example: an SSE of 0.004 that means nothing",
    ),
)

_TIME = (
    Entry(
        "Film",
        "The stored frames of a run, one after the other, the final state last. All frames of a "
        "run share one range of colours; two runs do not. Between two frames much may happen that "
        "was not stored.",
        "t and step; the field is without unit.",
        "Start and end",
        "docs/model.md",
    ),
    Entry(
        "Traces",
        "The solver's own diagnostics over time; the dashed line is the film's moment. They did "
        "not pass the audit: the ledger's figures come from the auditor alone. A calm curve says "
        "that the run is at rest, not that it is right.",
        "Without unit; defects are a number of cells.",
        "What the figures can and cannot show",
    ),
)

_ANALYSES = (
    Entry(
        "Analyses",
        "What components compute of the selected run, or of the shown hunt, in processes of their "
        "own: those that ship, and those that you plug in and trust. Each output is shown with "
        "its file; a table of numbers is drawn over its first column. The audit does not vouch "
        "for them: what their figures can show, their authors say.",
        "As each component states.",
        "The manifest",
        "docs/components.md",
    ),
)

_LIVE = (
    Entry(
        "Live",
        "What the device computes now, in small, and when it last gave a sign of life. The picture "
        "has at most 64 × 64 cells and its own colours: judge by the fields of the finished run.",
        "Seconds, bytes, runs a second or minute.",
        "Threads and processes of a server",
        "docs/design.md",
    ),
)

_LOG = (
    Entry(
        "Log",
        "The end of the hunt's log, newest line last. It is for finding out what went wrong; what "
        "counts is in the ledger.",
        "Times as the server's clock has them.",
        "Failure",
        "docs/design.md",
    ),
)

_COMPARE = (
    Entry(
        "Runs side by side",
        "One field of up to four runs, with colour limits that they share, and below it what they "
        "scored and in which settings they differ. Pan and zoom go together where the domains are "
        "of one length. With limits of their own, equal colours are not equal values; and the best "
        "of four scores is only a score: ★ stands where the hunt's report calls it significant.",
        "x, y, fields and figures are without unit.",
        "A hunt looks at many runs",
    ),
)

SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "Above the tabs": _TOP,
    "Runs": _RUNS,
    "Compare": _COMPARE,
    "Hunt": _HUNT,
    "Spectrum": _SPECTRUM,
    "Audit": _AUDIT,
    "Time": _TIME,
    "Analyses": _ANALYSES,
    "Live": _LIVE,
    "Log": _LOG,
}
"""What is above the tabs, then each tab, in their order."""

CARDS: Mapping[str, Entry] = {entry.title: entry for entry in _HUNT}
"""The cards of the Hunt tab, by title."""
