import pytest

from engine.hunt.allowance import Allowance


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("engine.hunt.allowance.time", clock)
    return clock


def test_the_time_begins_with_the_first_answer_and_leaves_later_waits_out(clock):
    wait = 500.0

    def should_stop():
        clock.now += wait
        return False

    allowance = Allowance(should_stop, 3.0)
    clock.now += 500
    assert allowance.seconds == 0
    assert not allowance.is_over()
    assert allowance.seconds == 0
    clock.now += 2
    assert not allowance.is_over()
    assert allowance.seconds == 2
    clock.now += 2
    assert allowance.is_over()
    assert allowance.spent
    assert allowance.seconds == 4


def test_without_a_limit_there_is_no_end(clock):
    allowance = Allowance(lambda: False, 0)
    assert not allowance.is_over()
    clock.now += 1e9
    assert not allowance.is_over()


def test_a_stop_is_no_lack_of_time(clock):
    answers = iter([False, True])
    allowance = Allowance(lambda: next(answers), 1.0)
    assert not allowance.is_over()
    clock.now += 5
    assert allowance.is_over()
    assert not allowance.spent
