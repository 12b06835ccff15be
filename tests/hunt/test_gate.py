import threading

from engine.hunt.gate import Gate


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
    thread = threading.Thread(target=lambda: (gate.wait(), answers.append(gate.stopped)))
    thread.start()
    gate.stop()
    thread.join(5)
    assert answers == [True]
    gate.pause()
    assert not gate.paused
    gate.reset()
    assert not gate.stopped
