"""Check the built site: `python docs/check_site.py docs/_build/html`.

Every link within it leads to a page and to an anchor that are there; every public name is in the API reference and
every command in that of the commands; the search finds a page for a term of the glossary; no tutorial took more than a
minute. Prints what is wrong, and returns 1.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

LONGEST = 60.0
"""s: of a tutorial, kernels that it compiles for the first time aside."""
SEARCHES = {
    "coverage": "glossary",
    "asynchrony": "glossary",
    "impedance": "impedance",
    "titration": "tutorials/impedance_gitt",
}
"""Word -> the page that the search shows first, or among the first three."""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.anchors |= {str(found[key]) for key in ("id", "name") if found.get(key)}
        for key in ("href", "src"):
            if found.get(key):
                self.targets.append(str(found[key]))


def read(path: Path) -> _Page:
    """Return the links and anchors of a page."""
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken_links(site: Path) -> Iterator[str]:
    """Yield every link within the site that leads nowhere."""
    paths = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path.resolve(): read(path) for path in paths}
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        for target in page.targets:
            address, anchor = urldefrag(target)
            if re.match(r"[a-z]+:|//", address):
                continue
            place = (path.parent / unquote(address.partition("?")[0])).resolve() if address else path
            if place.is_dir():
                place /= "index.html"
            if not place.exists():
                yield f"{name}: {target} leads to no file"
            elif anchor and place in pages and unquote(anchor) not in pages[place].anchors:
                yield f"{name}: {target} leads to no anchor"


def missing_names(site: Path) -> Iterator[str]:
    """Yield every public name and every command that the reference lacks."""
    import reference

    api, typed = read(site / "api.html"), read(site / "commands.html")
    for names in reference.public_names().values():
        yield from (f"api.html lacks {name}" for name in names if f"asyncsoc.{name}" not in api.anchors)
    for module in reference.NAMESPACES:
        yield from (
            f"api.html lacks {module}.{name}"
            for name in reference.names_within(module)
            if f"{module}.{name}" not in api.anchors
        )
    yield from (
        f"commands.html lacks {name}" for name, _ in reference.commands() if name.replace(" ", "-") not in typed.anchors
    )


def found_by(site: Path, word: str) -> list[str]:
    """Return the pages for a word, best first, as the search of the site orders them: titles, index, then text."""
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    names, scores = index["docnames"], dict[str, float]()

    def add(page: int, score: float) -> None:
        scores[names[page]] = max(scores.get(names[page], 0.0), score)

    for title, places in index["alltitles"].items():
        if word in title.lower() and len(word) >= len(title) / 2:
            for page, anchor in places:
                add(page, 15.0 * len(word) / len(title) + (anchor is None))
    for entry, places in index["indexentries"].items():
        if word in entry.lower() and len(word) >= len(entry) / 2:
            for page, *_ in places:
                add(page, 100.0 * len(word) / len(entry))
    stem = next((term for term in (word, word.rstrip("e"), word[:-1]) if term in index["terms"]), word)
    for kind, score in (("titleterms", 15.0), ("terms", 5.0)):
        pages = index[kind].get(stem, [])
        for page in [pages] if isinstance(pages, int) else pages:
            add(page, score)
    return sorted(scores, key=lambda name: -scores[name])


def not_found(site: Path) -> Iterator[str]:
    """Yield every word for which the search does not find its page."""
    for word, page in SEARCHES.items():
        first = found_by(site, word)[:3]
        if page not in first:
            yield f"a search for '{word}' finds {first}, not {page}"


def slow_tutorials(site: Path) -> Iterator[str]:
    """Yield every tutorial that took too long, and say where none was executed."""
    times = json.loads((site / "tutorial_times.json").read_text(encoding="utf-8"))
    if len(times) < 7:
        yield f"only {len(times)} tutorials were executed"
    yield from (f"{name} took {took:.0f} s" for name, took in times.items() if took > LONGEST)


def main(arguments: list[str]) -> int:
    """Check the site at a path."""
    site = Path(arguments[0])
    wrong = [*broken_links(site), *missing_names(site), *not_found(site)]
    for line in wrong:
        print(line)
    for line in slow_tutorials(site):
        print(f"note: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
