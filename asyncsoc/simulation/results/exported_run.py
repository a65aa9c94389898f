"""What a solution writes for other programs, and who is to be cited for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asyncsoc.base.paths import path_of
from asyncsoc.simulation.results.data import RunData


class ExportedRun(RunData):
    """A run whose curves and sources can be taken elsewhere."""

    def to_bdf(self, path: str | Path) -> Path:
        """Write the curves in the Battery Data Format (CSV), in one step, and return its path.

        Time, voltage and current (positive on charge), counts of cycles and steps, temperature, and the capacities
        charged and discharged since the start, with the format's labels; `aso.read_bdf` reads it. The current is that
        of the particle, or of the group.

        Parameters
        ----------
        path
            A file that ends in ".bdf.csv" or ".bdf".

        Raises
        ------
        InputError
            The file cannot be written there, or has another ending.
        """
        from asyncsoc.simulation.results.bdf_file import write_bdf

        return write_bdf(self, path_of(path))

    def bibtex(self) -> str:
        """Return BibTeX entries of asyncsoc and of all publications that the run's parameters are from.

        Entries hold what the parameter sets cite, without titles. Comments say what each is used for, and which
        parameters are assumed.

        Raises
        ------
        InputError
            The parameters cannot be made of the case any more.
        """
        from asyncsoc import __version__
        from asyncsoc.case.case import Case
        from asyncsoc.case.reading import tables
        from asyncsoc.problem.case_bibliography import as_bibtex, case_bibliography, without_source

        source = f"case of {self.name}"
        case = Case.from_dict(tables(self.case_toml, source), source=source)
        made_by = self.provenance.get("versions")
        version = made_by.get("asyncsoc", __version__) if isinstance(made_by, Mapping) else __version__
        return as_bibtex(case_bibliography(case, version), without_source(case))
