"""How names are found among many: those that share most, counted for all at once, are those that counting one by one finds."""

from __future__ import annotations

import random

import pytest

from allocator.intake.known import SLIPS, Known
from allocator.intake.naming import CANDIDATES, Index, _runs
from allocator.intake.read import read_document


@pytest.mark.parametrize("least", [0.2, 0.4, 0.7])
def test_who_shares_most_is_who_shares_most_one_by_one(least: float) -> None:
    rng = random.Random(7)

    def name() -> str:
        return " ".join("".join(rng.choices("abc", k=rng.randrange(1, 5))) for _ in range(3))

    names = {str(n): name() for n in range(300)}
    index = Index(names)
    for _ in range(50):
        asked = _runs(given := name())
        shared = {id: len(asked & _runs(text)) for id, text in names.items()}
        enough = sorted((-n, int(id)) for id, n in shared.items() if n >= max(1, least * len(asked)))
        assert [(-shared[i], int(i)) for i in index.most(given, least)] == enough[:CANDIDATES]


@pytest.mark.parametrize(
    ("given", "slip"),
    [
        ("Ann Leah", True),
        ("Anne Lea", True),
        ("Lea", True),
        ("S0O7", True),
        ("s7", True),
        ("S08", False),
        ("Zoe Marsh", False),
        ("Ann Fox", False),
    ],
)
def test_a_slip_of_one_among_many_is_taken_for_nobody_else(given: str, slip: bool) -> None:
    others = {f"X{n}": f"Person {n} Number" for n in range(200)}
    assert Known({"S007": "Ann Lea", "ben": "Ben Roe", **others}).slip(given) is slip


def test_a_number_longer_than_python_counts_is_nobody() -> None:
    sips = [{"sip": "S1", "name": "Ann Lea", "kind": "consultant", "phases": "primary", "days": 20}]
    history = [{"urn": "900101", "sip": "9" * 5000, "year": "2025/26"}]
    found = read_document(
        {"schools": [{"urn": "900101", "name": "Ash", "phase": "primary"}], "sips": sips, "history": history}
    )
    assert found.case is not None
    assert any(p.code == "gone_sips" for p in found.problems)


def test_after_many_slips_names_are_not_compared_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each slip is an error already; comparing a megabyte of nearly alike names would take for ever and say no more."""
    compared = []
    slip = Known._slip

    def counted(known: Known, given: str) -> bool:
        compared.append(given)
        return slip(known, given)

    monkeypatch.setattr(Known, "_slip", counted)
    team = Known({"ann": "Anna Smith", "ben": "Ben Roe"})
    assert not team.slip("Zoe Quill")
    assert all(team.slip(f"Anna Smith{chr(97 + a)}{chr(97 + b)}") for a in range(26) for b in range(26))
    assert len(compared) == SLIPS + 1
    assert team.slip("Yan Pym")  # might be somebody's, for all that is known: a person looks
    assert not team.slip("Zoe Quill")  # told before
