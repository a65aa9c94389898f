"""Settings of tests and benchmarks."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # What is to be known of a result is no fault of a test; tests of these warnings ask for them.
    config.addinivalue_line("filterwarnings", "ignore::asyncsoc.base.notices.ResultWarning")
