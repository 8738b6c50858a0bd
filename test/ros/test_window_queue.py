"""The bounded queue in front of the inference."""

from threading import Thread

from spike_depth_ros.ros.window_queue import WindowQueue


def test_the_oldest_is_dropped_and_counted() -> None:
    queue: WindowQueue[int] = WindowQueue(capacity=2)
    for item in range(5):
        queue.put(item)

    assert [queue.get(), queue.get()] == [3, 4]
    assert queue.dropped == 3


def test_close_wakes_the_worker() -> None:
    queue: WindowQueue[int] = WindowQueue(capacity=1)
    taken: list[int | None] = []
    worker = Thread(target=lambda: taken.append(queue.get()))
    worker.start()

    queue.close()
    worker.join(timeout=60)

    assert taken == [None]
    assert queue.get() is None
