"""mono: words made by hand."""

from events.counting import BASE_NS, Counting, mono

from spike_depth_ros.events import tally as tallies


def test_events_are_counted_and_those_too_far_back_dropped() -> None:
    counting = Counting('mono')
    late_ns = 50_000_000
    counting.read(mono((late_ns, 1, 2, 1), (late_ns - 40_000_000, 3, 4, 0), (0, 5, 5, 1)))
    assert counting.events() == [(1, 2, 1), (3, 4, 0)]
    assert counting.tally(tallies.BACKWARD_EVENTS) == 1
    assert counting.tally(tallies.EVENTS) == 2
    assert counting.decoder.time_ns == BASE_NS + late_ns


def test_each_packet_has_its_own_time_base() -> None:
    counting = Counting('mono')
    counting.read(mono((5, 1, 2, 1)), time_base_ns=BASE_NS + 1000)
    assert counting.decoder.time_ns == BASE_NS + 1005
