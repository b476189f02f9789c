"""What is kept of what people paste."""

from __future__ import annotations

import pytest

from allocator.domain.characters import dialled, is_address, is_telephone, lines, one_line, strange


@pytest.mark.parametrize("parted", ["\r\n", "\r", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_lines_are_parted_as_ours_are(parted: str) -> None:
    assert lines(f"one{parted}two") == "one\ntwo"
    assert one_line(f" one {parted} two ") == "one two"


def test_every_character_is_kept_or_named() -> None:
    refused = {n for n in range(0x110000) if strange(lines(chr(n)))}
    controls = {*range(9), *range(0x0E, 0x20), *range(0x7F, 0xA0)} - {0x85}
    turned = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    none = {*range(0xFDD0, 0xFDF0)} | {p << 16 | last for p in range(17) for last in (0xFFFE, 0xFFFF)}
    assert refused == controls | turned | none | set(range(0xD800, 0xE000))
    assert strange("Ann \u202e aeL") == "U+202E (RIGHT-TO-LEFT OVERRIDE)"
    assert strange("Zoë Ŵyn Ó Núñez שלום مرحبا 🙂 e\u0301 \u200f\t\n") is None


@pytest.mark.parametrize(
    ("number", "as_dialled"),
    [
        ("01632 960018", "01632960018"),
        ("+44 (0)1632 960-018 ext. 4", "+441632960018"),
        ("(01632) 960018 x12", "01632960018"),
    ],
)
def test_a_telephone_number(number: str, as_dialled: str) -> None:
    assert is_telephone(number)
    assert dialled(number) == as_dialled


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1234",
        "ring me",
        "01632 96OO18",
        "01632\n960018",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
        "0" * 41,
        "01632 960018; or Ann",
    ],
)
def test_no_telephone_number(number: str) -> None:
    assert not is_telephone(number)


@pytest.mark.parametrize(
    "address", ["head@school.example", "o'brien+sip@a-b.example.org", "x@y.z", "manager@localhost"]
)
def test_an_address(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ring the office",
        "head@a.example, spy@evil.example",
        "head@a.example;b@c.example",
        "hé@a.example",
        "a@b@c",
        "@a.b",
        "a@",
        "a@b\nBcc: spy@evil.example",
        "a@b\n",
        "Ann <a@b.example>",
        "a b@c.example",
        "a@-b.example",
        "a@b..c",
        ".a@b.c",
        "a@b.c ",
        "a@" + "b" * 300,
        "mailto:a@b.example",
        '"a"@b.example',
        "a@[127.0.0.1]",
    ],
)
def test_no_address(text: str) -> None:
    assert not is_address(text)
