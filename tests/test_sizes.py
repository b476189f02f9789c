"""What `make test` leaves to `make test-long` is asked in short there, and a mark that names nothing is found."""

from __future__ import annotations

import pytest

from tests import conftest
from tests.sizes import is_long, long, without_slice


class Item:
    """A collected test, as far as these look at it."""

    def __init__(self, nodeid: str, *marks: pytest.MarkDecorator) -> None:
        self.nodeid, self.name, self.marks = nodeid, nodeid.partition("::")[2], [m.mark for m in marks]

    def iter_markers(self, name: str) -> list[pytest.Mark]:
        return [m for m in self.marks if m.name == name]


def test_every_long_test_has_a_slice() -> None:
    """Of all that this run reads: in `make test`, of every file."""
    assert without_slice(conftest.COLLECTED) == []


def test_a_parameter_that_is_named_stays() -> None:
    kept = [Item("a.py::test_x[told-head]", long(but="told")), Item("a.py::test_x[told-head]@group", long(but="head"))]
    assert [is_long(item) for item in kept] == [False, False]
    assert is_long(Item("a.py::test_x[confirmed-head]", long(but="told")))
    assert is_long(Item("a.py::test_x", long()))
    assert not is_long(Item("a.py::test_x"))


@pytest.mark.parametrize(
    ("items", "wrong"),
    [
        ([Item("a.py::test_x", long()), Item("a.py::test_y")], []),
        ([Item("a.py::test_x", long())], ["a.py: all long, and no slice is named"]),
        ([Item("a.py::test_x", long(slice="b.py::test_y")), Item("b.py::test_y[1]")], []),
        (
            [Item("a.py::test_x", long(slice="b.py::test_z")), Item("b.py::test_y")],
            ["a.py::test_x: its slice b.py::test_z is not in `make test`"],
        ),
        (
            [Item("a.py::test_x", long(slice="b.py::test_y")), Item("b.py::test_y", long()), Item("b.py::test_z")],
            ["a.py::test_x: its slice b.py::test_y is not in `make test`"],
        ),
        ([Item("a.py::test_x[told]", long(but="tld")), Item("a.py::test_y")], ["a.py::test_x: no tld"]),
    ],
)
def test_what_has_no_slice_is_found(items: list[Item], wrong: list[str]) -> None:
    assert without_slice(items) == wrong
