"""When to send what of a recording."""

from dataclasses import dataclass

SECOND_NS = 1e9
# Header stamps of a recording lie this close to when they were logged, or count another clock.
PLAUSIBLE_NS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """Map the log times of a recording to the clock of the machine, all nanoseconds.

    start_log_ns is sent at start_ns (monotonic); a second of the recording takes 1 / rate s.
    """

    start_log_ns: int
    start_ns: int
    rate: float

    def delay_s(self, log_time_ns: int, now_ns: int) -> float:
        """Return how long to wait at now_ns (monotonic) before a message is due; 0 if it is."""
        due_ns = self.start_ns + (log_time_ns - self.start_log_ns) / self.rate
        return max(0.0, (due_ns - now_ns) / SECOND_NS)

    def log_time_ns(self, now_ns: int) -> int:
        """Return the time of the recording at now_ns (monotonic)."""
        return self.start_log_ns + round((now_ns - self.start_ns) * self.rate)


def stamp_shift_ns(stamp_ns: int, log_time_ns: int, start_log_ns: int, present_ns: int) -> int:
    """Return what to add to header stamps so that start_log_ns becomes the present.

    stamp_ns, log_time_ns: of the first event packet. Its stamp counts as its log time when the
    two are so far apart that the stamp cannot be the time of the events.
    """
    clock_error_ns = log_time_ns - stamp_ns
    if abs(clock_error_ns) < PLAUSIBLE_NS:
        clock_error_ns = 0
    return present_ns - start_log_ns + clock_error_ns
