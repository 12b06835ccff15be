import threading

from engine.live.bus import Bus


def test_every_listener_is_rung_until_it_unsubscribes():
    bus, heard = Bus(), []
    leave = bus.subscribe(lambda: heard.append("a"))
    bus.subscribe(lambda: heard.append("b"))
    bus.ring()
    leave()
    leave()
    bus.ring()
    assert heard == ["a", "b", "b"]
    assert bus.listeners == 1


def test_a_listener_that_fails_silences_no_other_and_is_logged(caplog):
    bus, heard = Bus(), []
    bus.subscribe(lambda: 1 / 0)
    bus.subscribe(lambda: heard.append("b"))
    bus.ring()
    assert heard == ["b"]
    assert "ZeroDivisionError" in caplog.text


def test_listeners_may_come_and_go_while_it_rings():
    bus = Bus()
    done = threading.Event()

    def churn():
        while not done.is_set():
            bus.subscribe(lambda: None)()

    threads = [threading.Thread(target=churn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(500):
        bus.ring()
    done.set()
    for thread in threads:
        thread.join()
    assert bus.listeners == 0
