"""Many at once: a list of answers is written down whole or not at all; governors' yes for several appraisals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service.pages import place, telephone
from allocator.store import keep
from tests.make import case, led, school, sip
from tests.pages.test_matrix import SITE
from tests.service.office import MEL, Desk, open_office, planned


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Round n: four schools told, three of them with an appraisal."""
    made, urns = open_office(tmp_path), [str(n) for n in range(1, 5)]
    rows = [school(u, name=f"{u} Hill School", appraisal="any" if u != "4" else None) for u in urns]
    facts = case(
        rows, [sip("A", days=60, appraisal_trained=True)], history=[r for u in urns for r in led(u, "A", "2025/26")]
    )
    with made.db.write() as s:
        planned(s, "n", facts, Policy(), solve(facts, Policy()), programme="p")
        keep.step(s, "n", MEL, lambda d: rounds.propose(d, None, keep.now().date()))
    return made


def post(desk: Desk, path: str, **form: object) -> tuple[int, str]:
    answer = desk.client.post(
        f"{SITE}/rounds/n{path}", data=form, headers=desk.headers("manager"), follow_redirects=False
    )
    return answer.status_code, answer.text


def stages(desk: Desk) -> dict[str, str]:
    with desk.db.read() as s:
        return {u: p.stage for (u, post), p in keep.standing(s, "n").pairs.items() if post == "lead"}


def test_ten_answers_are_one_press(desk: Desk) -> None:
    status, _ = post(
        desk,
        "/telephone",
        **{"word-1": "accept", "word-2": "veto", "reason-2": "We disagreed.", "word-3": "query", "reason-3": "Who?"},
    )
    assert status == 303
    assert stages(desk) == {"1": "accepted", "2": "refused", "3": "queried", "4": "proposed"}


def test_schools_are_typed_by_a_few_letters_or_their_urn(desk: Desk) -> None:
    rows = {"who-0": "2 h", "says-0": "veto", "line-0": "We disagreed.", "who-4": "3", "says-4": "accept"}
    assert post(desk, "/telephone", **rows, **{"word-1": "accept"})[0] == 303
    assert stages(desk) == {"1": "accepted", "2": "refused", "3": "accepted", "4": "proposed"}


def test_two_words_with_which_a_name_begins_mean_it_and_not_another_that_has_them(desk: Desk) -> None:
    with desk.db.read() as s:
        lines = place.school_lines(keep.desk(s, "n")[1])
    names = {"1": "Blean Primary School", "2": "Boughton-under-Blean Primary School"}
    told = [replace(x, name=names.get(x.urn, x.name)) for x in lines]
    assert [x.urn for x in telephone.meant(told, "blean primary")] == ["1"]
    assert [x.urn for x in telephone.meant(told, "blean")] == ["1", "2"]  # one word is not enough to choose by


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"who-1": "hill"}, "hill may be 1 Hill School (1), 2 Hill School (2), 3 Hill School (3) and 1 more"),
        ({"who-1": "Mill"}, "Mill is no school that has still to answer"),
        ({"who-1": ""}, "Type which school said so"),
        ({"who-1": "1 Hill School", "says-1": ""}, "Choose what 1 Hill School says"),
        ({"who-0": "1", "says-0": "accept", "who-1": "1 hill"}, "1 Hill School is here twice"),
        ({"word-1": "accept", "who-1": "1 hill"}, "1 Hill School is here twice"),
    ],
)
def test_nothing_is_written_down_while_a_typed_school_is_not_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, rows: dict[str, str], told: str
) -> None:
    monkeypatch.setattr(telephone, "ROWS", 3)
    status, html = post(desk, "/telephone", **{"says-1": "accept", **rows})
    assert (status, told in html) == (422, True)
    assert ("<details" in html, " open>" in html, f'value="{rows["who-1"]}"' in html) == (True, True, True)
    assert set(stages(desk).values()) == {"proposed"}


def test_a_long_list_is_folded_by_letter_and_searched(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "FOLDED", 3)
    me = desk.headers("manager")
    html = desk.client.get(f"{SITE}/rounds/n/telephone", headers=me).text
    assert [html.count(x) for x in ("<details", "1: 1 school<", 'name="word-')] == [4, 1, 4]
    html = desk.client.get(f"{SITE}/rounds/n/telephone?q=2%20hill", headers=me).text
    assert [html.count(x) for x in ("<details", "1 of 4 schools shown", 'name="word-')] == [0, 1, 1]
    assert "0 of 4 schools shown" in desk.client.get(f"{SITE}/rounds/n/telephone?q=nobody", headers=me).text
    status, html = post(desk, "/telephone", **{"word-3": "perhaps", "word-1": "accept"})
    assert (status, html.count("<details"), html.count('govuk-details" open')) == (422, 4, 2)  # what was typed is seen


def test_a_list_is_written_down_whole_or_not_at_all(desk: Desk) -> None:
    post(desk, "/telephone", **{"word-2": "veto"})
    status, text = post(desk, "/telephone", **{"word-1": "accept", "word-2": "accept"})
    assert status == 409
    assert "Nothing of the list was written down" in text
    assert stages(desk)["1"] == "proposed"
    status, text = post(desk, "/telephone")
    assert (status, "Choose what at least one school said" in text) == (422, True)


def test_governors_say_yes_for_several(desk: Desk) -> None:
    html = desk.client.get(f"{SITE}/rounds/n/confirm", headers=desk.headers("manager")).text
    assert html.count('name="urns"') == 3
    status, _ = post(desk, "/confirm/all-governors", urns=["1", "2"])
    assert status == 303
    with desk.db.read() as s:
        said = {u: p.governors for (u, post), p in keep.standing(s, "n").pairs.items() if post == "appraisal"}
    assert said == {"1": True, "2": True, "3": None}
