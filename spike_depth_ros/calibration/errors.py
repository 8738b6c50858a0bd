"""What goes wrong with a calibration, in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager


class CalibrationError(ValueError):
    """A calibration that cannot be used; says why."""


@contextmanager
def naming(source: str) -> Iterator[None]:
    """Make a whole sentence of a CalibrationError: what cannot be used, why, and what to do."""
    try:
        yield
    except CalibrationError as error:
        raise CalibrationError(
            f'{source} cannot be used ({error}): correct it, or calibrate again.'
        ) from error
