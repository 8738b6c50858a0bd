"""The newest header stamp of all cameras, and jumps ahead of it."""

from spike_depth_ros.events.clock import JUMP_NS


class NewestStamp:
    """Follow the newest header stamp, and how long ago it came.

    waited_ns: monotonic nanoseconds. A stamp that is ahead of the newest by more than JUMP_NS
    beyond the time that has passed since is a jump: a silence, however long, is none.
    """

    def __init__(self) -> None:
        self._stamp_ns: int | None = None
        self._waited_ns = 0

    def clear(self) -> None:
        """Forget it, at a reset."""
        self._stamp_ns = None

    def jumps(self, stamp_ns: int, waited_ns: int) -> bool:
        """Say whether a stamp that comes now has jumped ahead."""
        if self._stamp_ns is None:
            return False
        return stamp_ns - self._stamp_ns - (waited_ns - self._waited_ns) > JUMP_NS

    def differs(self, stamp_ns: int) -> bool:
        """Say whether a stamp is of another time than the newest."""
        return self._stamp_ns is not None and abs(stamp_ns - self._stamp_ns) > JUMP_NS

    def follow(self, stamp_ns: int, waited_ns: int) -> None:
        """Take note of a stamp that came now."""
        if self._stamp_ns is None or stamp_ns >= self._stamp_ns:
            self._stamp_ns, self._waited_ns = stamp_ns, waited_ns
