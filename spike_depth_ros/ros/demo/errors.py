"""What ends the demo."""


class DemoError(RuntimeError):
    """A run that could not be completed; says why in one sentence."""
