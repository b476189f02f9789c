"""What is dear is made in one process only if the groups of tests reach the tool that shares them out."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("named")
def test_a_group_is_part_of_the_name_that_tests_are_shared_out_by(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("tests are not shared out by groups")
    assert request.node.nodeid.endswith("@named")
