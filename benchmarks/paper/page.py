"""docs/paper.md from rows."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path

from benchmarks.paper.candidate_cells import ROWS as TABLED
from benchmarks.paper.candidate_cells import table as table_of_candidates
from benchmarks.paper.candidate_verdicts import THRESHOLDS
from benchmarks.paper.rows import MODULES, VERDICTS, PaperRow
from benchmarks.paper.what_it_takes import BOUND
from benchmarks.paper.what_it_takes import stored as stored_candidates

TIME = "paper_time.json"
"""In docs: how long the last run of all rows took."""

_HEAD = """# What the paper reports, and what is computed for it

An et al., *Eliminating Local Electrolyte Failure Induced by Asynchronous Reaction for High-Loading and Long-Lifespan
All-Solid-State Batteries*, Adv. Funct. Mater. 2023, [10.1002/adfm.202305186](https://doi.org/10.1002/adfm.202305186):
NCM811 particles of 10 to 20 um with PEO-LiTFSI(-LLZTO) at 60 degC and C/10, 2.8 to 4.2 V. Cal is the calendered
cathode (partly covered particles), Hot-Cal the hot-calendered one (nearly covered), PCA the one polymerised in place.

This page is written by a command. What stands under *Here* and *Sensitivity* is computed by the module of its row in
`benchmarks/paper/`, and every verdict follows from a rule in it. Four scans are stored tables (P1, P3, P4, P11; the
scan's command writes them anew), of which each run computes one set again.

    make paper                                 # every row, docs/paper.json and this page
    python -m benchmarks.paper --only P8       # one row
    python -m benchmarks.paper --quick         # some numbers of every row against the stored ones

**Read with it:** what exists in the paper only as a curve or a bar is not in its text, and no value of it is made up;
the row says *no number to compare* or compares words only. The paper's coverages are in a picture as well: Cal is
taken as a coverage of 0.3 and Hot-Cal as 0.95 unless a row scans them. No constant of the side reaction is measured
([decomposition](decomposition.md)), and the exchange current density on a polymer is assumed
([assumptions](assumptions.md)).

Verdicts: *reproduced*: the paper's number or order holds for what is scanned; *trend only*: the direction holds, the
number does not, or it holds for a part of what is scanned; *not reproduced*; *no number to compare*.
"""


_CANDIDATES = """For the rows that are not reproduced, each candidate with the constants it needs, computed by
`python -m benchmarks.paper.what_it_takes` (`docs/paper_what_it_takes.json`). A candidate adds a constant that the model
does not have: it has to give more than the one number it is fitted to. (a) is a law of the side reaction,
[`available_charge`](decomposition.md#a-finite-amount-that-is-consumed); (b) a resistance of a contact or of a particle;
(d) [`contact.coverage_change`](own_contacts.md); (e) an [isolated particle](particle_groups.md): each can be simulated
as it is. For P4 a coverage (d), a share near carbon (c), the isolated share (e) and the last film (a) follow from the
capacities of particles that are what is left; where some are isolated the others carry the whole current.
""".splitlines()


def write_page(rows: Mapping[str, PaperRow]) -> str:
    """Return the page; rows that are not there are named as not computed yet."""
    parts = [_HEAD, *_time(), "## The table\n", _table(rows), "## Row by row\n"]
    parts += [_section(rows[key]) for key in MODULES if key in rows]
    missing = [key for key in MODULES if key not in rows or rows[key].verdict == "not computed yet"]
    if missing:
        parts.append(f"Not computed yet: {', '.join(missing)}.\n")
    parts.append(_what_it_takes(rows))
    return "\n".join(parts)


def _time(docs: Path = Path(__file__).parents[2] / "docs") -> list[str]:
    """Return how long the last whole run took, empty where there was none."""
    if not (docs / TIME).is_file():
        return []
    took = json.loads((docs / TIME).read_text(encoding="utf-8"))
    minutes, used = took["wall [s]"] / 60.0, took["processor [s]"] / 60.0
    return [
        f"The rows below are those of one run, which took {used:.1f} minutes of processor time ({minutes:.1f} minutes "
        "by the clock,\non two cores that other work may have shared).\n"
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(rows: Mapping[str, PaperRow]) -> str:
    lines = ["| row | what | in the paper | here | verdict |", "|---|---|---|---|---|"]
    for key in MODULES:
        if key in rows:
            one = rows[key]
            cells = (key, f"{one.title} ({one.place})", one.paper, one.ours, f"**{one.verdict}**")
            lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
        else:
            lines.append(f"| {key} | | | | **not computed yet** |")
    counted = {word: sum(key in rows and rows[key].verdict == word for key in MODULES) for word in VERDICTS[:-1]}
    counted["not computed yet"] = len(MODULES) - sum(counted.values())
    counts = [f"{count} {word}" for word, count in counted.items() if count]
    return "\n".join([*lines, "", f"In all: {', '.join(counts)}.", ""])


def _section(one: PaperRow) -> str:
    lines = [
        f"### {one.key}: {one.title}",
        "",
        *_item("Paper", f"{one.paper} ({one.place})"),
        *_item("Here", one.ours),
        *_item("Fitted", one.fitted),
        *_item("Predicted", one.predicted),
        *_item("Sensitivity", one.sensitivity),
        *_item("Verdict", f"**{one.verdict}**. {one.because}"),
        *_item("Scan", f"`{one.scan}`"),
        "",
    ]
    if one.picture is not None:
        lines += [f"![{one.picture[1]}](images/{one.picture[0]})", ""]
    return "\n".join(lines)


def _item(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        f"- **{name}.** {text}", 150, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _what_it_takes(rows: Mapping[str, PaperRow]) -> str:
    lines = [
        "## What would it take?",
        "",
        BOUND,
        "",
        *_CANDIDATES,
        "",
        THRESHOLDS,
        "",
        *table_of_candidates(stored_candidates()),
        "",
    ]
    for key in MODULES:
        one = rows.get(key)
        if one is not None and one.would_take and key not in TABLED:
            lines += [f"### {key}, {one.verdict}", ""]
            for text in one.would_take:
                lines += textwrap.wrap(
                    f"- {text}", 150, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
                )
            lines.append("")
    return "\n".join(lines)
