"""Every reader of what comes from outside, given what nobody would write (docs/how-to/run-the-tests.md)."""
