"""Errors of what a training command is asked for."""


class SettingsError(ValueError):
    """A setting that cannot be; says in one sentence which, what can, and how to mend it."""


def check_least(least: int, **settings: int) -> None:
    """Check that settings are at least so large. Raises SettingsError."""
    for name, value in settings.items():
        if value < least:
            raise SettingsError(f'{name} is {value}: use {least} or more.')
