"""
Commands that end between two steps, where everything is whole.
"""

import os
import signal

import pytest

from tundish.cli.progress import stepping
from tundish.core.errors import Stopped


def test_without_a_signal_it_goes_on() -> None:
    """
    Steps pass, and the signals are handled as before when the context is left.
    """
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with stepping() as steps:
        steps.more(2, 10)
        steps.passed(5)
        steps.passed(5)

    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_the_step_after_a_signal(number: signal.Signals) -> None:
    """
    Not within one: what is begun is done first.
    """
    with stepping() as steps:
        os.kill(os.getpid(), number)

        with pytest.raises(Stopped, match="run it again to go on"):
            steps.passed(1)


def test_a_sigterm_that_comes_twice_at_once_is_one() -> None:
    """
    The process is there to say so.
    """
    with stepping() as steps:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(Stopped):
            steps.moved(1)
