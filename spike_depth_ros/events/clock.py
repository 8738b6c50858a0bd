"""One camera's clock, held against the header stamps of its packets."""

JUMP_NS = 1_000_000_000
# Time constant of the slow estimate. Header stamps of one driver scatter by a packet's length, a
# few milliseconds; a replay at another rate than 1 drifts away from the sensor's time.
SETTLING_NS = 500_000_000


class SensorClock:
    """Unwrap a sensor clock, notice its jumps, and estimate header stamp minus sensor time.

    wrap_ns: period after which the sensor time repeats, 0 when it never does. All times are
    nanoseconds; sensor times belong to the first event or time word of a packet. offset_ns: the
    estimate; stamp_ns: the last header stamp.
    """

    def __init__(self, wrap_ns: int) -> None:
        self._wrap_ns = wrap_ns
        self._sensor_ns = 0
        self.stamp_ns = 0
        self.offset_ns = 0

    def start(self, stamp_ns: int, sensor_ns: int, offset_ns: int | None) -> int:
        """Take the first packet and return the whole wraps by which its sensor time is short.

        offset_ns: header stamp minus sensor time of the camera that this one shares a clock with;
        None for the first camera, whose own sensor time is the common clock.
        """
        wraps = 0
        if offset_ns is not None:
            wraps = self._whole_wraps(stamp_ns - sensor_ns - offset_ns)
        self._remember(stamp_ns, sensor_ns + wraps * self._wrap_ns)
        self.offset_ns = self.stamp_ns - self._sensor_ns
        return wraps

    def follow(self, stamp_ns: int, sensor_ns: int) -> int | None:
        """Take a later packet and return the wraps that passed unseen; None for a time jump.

        A jump is an advance of the sensor time that differs from the header stamps' by more than
        JUMP_NS, whole wraps of a silent camera aside.
        """
        elapsed = sensor_ns - self._sensor_ns
        missing = stamp_ns - self.stamp_ns - elapsed
        wraps = self._whole_wraps(missing)
        if wraps < 0 or abs(missing - wraps * self._wrap_ns) > JUMP_NS:
            return None
        elapsed += wraps * self._wrap_ns
        self._remember(stamp_ns, sensor_ns + wraps * self._wrap_ns)
        error = self.stamp_ns - self._sensor_ns - self.offset_ns
        self.offset_ns += error * min(max(elapsed, 0), SETTLING_NS) // SETTLING_NS
        return wraps

    def _whole_wraps(self, difference_ns: int) -> int:
        return round(difference_ns / self._wrap_ns) if self._wrap_ns else 0

    def _remember(self, stamp_ns: int, sensor_ns: int) -> None:
        self.stamp_ns, self._sensor_ns = stamp_ns, sensor_ns
