"""What a binner knows of its cameras now, beside its counters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """Tell of one camera.

    clock_spread_ns: how far header stamps scatter around sensor time plus a slow estimate, root
    mean square; None before its clock started. raw_pixels: median number of raw pixels on a pixel
    of the frame, None before its table is known. hot_pixels: how many are hot.
    """

    clock_spread_ns: float | None
    raw_pixels: float | None
    hot_pixels: int


@dataclass(frozen=True, slots=True)
class BinnerStatus:
    """Tell of the rig: sync, 'sensor' or 'host', and each camera.

    apart_ns: by how much the right camera's clock is behind the left's, whole wraps aside, as
    their header stamps tell; None unless both clocks have started.
    """

    sync: str
    apart_ns: int | None
    cameras: tuple[CameraStatus, ...]
