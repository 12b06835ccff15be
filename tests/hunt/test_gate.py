import threading
import time

from engine.hunt.gate import Allowance, Gate


def test_a_pause_holds_work_and_resuming_lets_it_go():
    gate, passed = Gate(), threading.Event()
    gate.pause()
    thread = threading.Thread(target=lambda: (gate.wait(), passed.set()))
    thread.start()
    assert not passed.wait(0.1)
    gate.resume()
    assert passed.wait(5)
    thread.join()


def test_a_stop_frees_what_a_pause_holds_and_no_pause_follows_it():
    gate, answers = Gate(), []
    gate.pause()
    allowance = Allowance(gate, 0)
    thread = threading.Thread(target=lambda: answers.append(allowance.is_over()))
    thread.start()
    gate.stop()
    thread.join(5)
    assert answers == [True]
    assert not allowance.spent
    gate.pause()
    assert not gate.paused
    gate.reset()
    assert not gate.stopped


def test_the_time_of_an_allowance_begins_with_its_first_question_and_leaves_pauses_out():
    gate = Gate()
    allowance = Allowance(gate, 0.3)
    time.sleep(0.4)
    assert not allowance.is_over()
    gate.pause()
    threading.Timer(0.5, gate.resume).start()
    assert not allowance.is_over(), "the pause took 0.5 s of 0.3"
    time.sleep(0.35)
    assert allowance.is_over()
    assert allowance.spent
