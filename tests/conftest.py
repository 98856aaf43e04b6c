"""
What the tests have to say beyond passed and failed.
"""

import pytest

from tests.support import kills


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """
    How many kills there were of each kind of work, and how many of them left no trace.
    """
    ended = [
        kills.Ended(report.user_properties, outcome == "passed")
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
    ]
    for line in kills.lines(ended):
        terminalreporter.write_line(line)
