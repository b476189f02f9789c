"""Whether the tests of rules and auditor notice when one word of them is changed (docs/how-to/run-the-tests.md)."""
