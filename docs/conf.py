"""Sphinx configuration: MyST pages, tutorials executed at build time, pydata theme, API and commands from the code."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

import asyncsoc

project = "asyncsoc"
author = "asyncsoc developers"
project_copyright = "2026, asyncsoc developers"
version = release = asyncsoc.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax", "sphinx_design"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
suppress_warnings = ["mystnb.unknown_mime_type"]

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4

# The tutorials are executed when they or asyncsoc have changed; an error in a cell, or a cell of five minutes (kernels
# that are compiled for the first time included), fails the build. `check_site.py` holds each tutorial to a minute.
os.environ["PYTHONPATH"] = os.pathsep.join(
    part for part in (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")) if part
)
_kernel = Path(__file__).parent / "_build" / "ipython"
(_kernel / "profile_default").mkdir(parents=True, exist_ok=True)
(_kernel / "profile_default" / "ipython_kernel_config.py").write_text("get_config().IPKernelApp.log_level = 40\n")
os.environ["IPYTHONDIR"] = str(_kernel)
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "_build" / "executed" / asyncsoc.__version__)
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = "asyncsoc"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
}

# Publishers that refuse programs; a person's browser opens these addresses.
linkcheck_anchors = False
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_allowed_redirects = {r"https://doi\.org/.*": r".*"}
linkcheck_ignore = [r"https://doi\.org/.*", r"https://pubs\.acs\.org/.*", r"https://onlinelibrary\.wiley\.com/.*"]


def _generated(_app: Any, _page: str, content: list[str]) -> None:
    """Put what is taken from the code into a page."""
    import reference

    content[0] = reference.fill(content[0])


class GlossaryTerms(SphinxTransform):
    """Make every term of the glossary an entry of the index, which the search of the site finds first."""

    default_priority = 500  # before the domains collect the index

    def apply(self, **_keys: Any) -> None:
        """Put an entry and an anchor into the first cell of every row."""
        if Path(self.document["source"]).name != "glossary.md":
            return
        for row in list(self.document.findall(nodes.row)):
            cell = row[0]
            term = cell.astext().split(",")[0].strip()
            target = f"term-{nodes.make_id(term)}"
            if isinstance(row.parent, nodes.thead) or not term or not cell.children or target in self.document.ids:
                continue
            anchor = nodes.target("", "", ids=[target])
            self.document.note_explicit_target(anchor)
            cell[0].insert(0, [addnodes.index(entries=[("single", term, target, "", None)]), anchor])


def _times(app: Any, error: Exception | None) -> None:
    """Write down how long each tutorial took, for `check_site.py`."""
    if error is not None or app.builder.name != "html":
        return
    times = {}
    for name in sorted(app.env.found_docs):
        found = app.env.metadata.get(name, {}).get("exec_data") or app.env.nb_metadata.get(name, {}).get("exec_data")
        if found:
            times[name] = found["runtime"]
    (Path(app.outdir) / "tutorial_times.json").write_text(json.dumps(times, indent=1) + "\n", encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Connect what is generated."""
    app.connect("source-read", _generated)
    app.add_transform(GlossaryTerms)
    app.connect("build-finished", _times)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
