"""The lot, which settles what is otherwise equal (contract 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator


def lots(seed: int, key: tuple[str, str], sips: Iterable[str]) -> Iterator[int]:
    """Of each of these SIPs at a post: the first 20 bits of SHA-256 of `seed|urn|post|sip`."""
    post = f"{seed}|{key[0]}|{key[1]}|".encode()
    for sip in sips:
        yield int.from_bytes(hashlib.sha256(post + sip.encode()).digest()[:3], "big") >> 4
