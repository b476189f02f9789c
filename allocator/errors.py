"""Every error a user can meet. Each says subject, number, limit and remedy (docs/reference/errors.md)."""

from __future__ import annotations


class AllocatorError(Exception):
    """Base of all errors shown to a user. `exit_code` is the command line's (contract 3)."""

    exit_code = 70

    def __init__(self, text: str, **facts: object) -> None:
        super().__init__(text)
        self.text = text
        self.facts = facts


class UsageError(AllocatorError):
    """The command was called wrongly: an unknown option, school, SIP or key."""

    exit_code = 2


class Newer(UsageError):
    """What the store has was recorded by a newer version of this program: nothing is wrong, but this one must not
    guess."""


class CaseError(AllocatorError):
    """The case cannot be used as it is; `problems` lists every reason (`intake.problems.Problem`)."""

    exit_code = 3

    def __init__(self, text: str, problems: tuple[object, ...] = (), **facts: object) -> None:
        super().__init__(text, **facts)
        self.problems = problems


class RoundRefuses(AllocatorError):
    """The rules of the round do not allow this step (for example a second refusal, domain F1)."""

    exit_code = 6


class NotThere(AllocatorError):
    """What was asked for does not exist, or not for the person who asks."""

    exit_code = 2


class QueueFull(AllocatorError):
    """Too much work is already accepted; the same request will be taken later."""

    exit_code = 6


class Stopped(AllocatorError):
    """Work was stopped before any plan was found."""

    exit_code = 7


class Defect(AllocatorError):
    """A fault of ours: two parts of the program disagree."""

    exit_code = 70


class Spoilt(Defect):
    """What the store has cannot be read: damaged, or written by no version of this program."""
