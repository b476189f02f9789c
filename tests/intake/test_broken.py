"""JSON that says a name twice is refused at once, whatever the name and however long the object."""

from __future__ import annotations

from time import process_time

import pytest

from allocator.intake.broken import Twice, json_of


def test_a_long_object_is_refused_as_soon_as_it_is_read() -> None:
    names = ",".join(f'"{k}":0' for k in range(20_000))
    began = process_time()
    with pytest.raises(Twice, match="“19999” stands twice"):
        json_of(f'{{{names},"19999":1}}')
    assert process_time() - began < 2  # each name against each before it took 25 seconds


@pytest.mark.parametrize(
    ("name", "said"),
    [(r"\ud800", "“<U+D800>”"), (r"\u202eeman", "“<U+202E>eman”"), ("x" * 100_000, f"“{'x' * 80}…”")],
)
def test_a_name_that_cannot_be_said_is_written_out(name: str, said: str) -> None:
    with pytest.raises(Twice) as told:
        json_of(f'{{"{name}":1,"{name}":2}}')
    assert str(told.value) == f"{said} stands twice in one object"
    str(told.value).encode()
