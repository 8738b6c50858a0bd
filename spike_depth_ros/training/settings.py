"""What a training command is told."""


class SettingsError(ValueError):
    """A setting that cannot be; says in one sentence which, what can, and how to mend it."""
