"""Known locally and fresh eyes, as the auditor reads them (docs/reference/rules.md): a SIP can be both, or neither."""

from __future__ import annotations

from allocator.check.derived import Book, alike, norm
from allocator.domain.case import Sip


def known_locally(b: Book, urn: str, sip: Sip) -> bool:
    la = norm(b.schools[urn].la)
    led = sip.sip in _led_in(b).get(la, ())
    return _adviser_here(b, urn, sip) or (la != "" and (norm(sip.current_la) == la or led))


def fresh_eyes(b: Book, urn: str, sip: Sip) -> bool:
    s = b.schools[urn]
    if _adviser_here(b, urn, sip) or (sip.kind == "serving_head" and alike(sip.current_la, s.la)):
        return False
    declared = b.find.interests.get(sip.sip, ())
    if any(row.urn in b.old[urn] or alike(row.trust, s.trust) or alike(row.la, s.la) for row in declared):
        return False
    return sip.sip not in {h.sip for h in b.rows[urn]}


def _adviser_here(b: Book, urn: str, sip: Sip) -> bool:
    return sip.kind == "la_adviser" and norm(sip.current_la) in ("", norm(b.schools[urn].la))


def _led_in(b: Book) -> dict[str, set[str]]:
    """Authority -> SIPs with a lead post there last year."""
    kept: dict[str, set[str]] = b.kept.setdefault(("led in",), {})
    if not kept:
        for urn, s in b.schools.items():
            last = [h for h in b.rows[urn] if int(h.year[:4]) == b.start - 1]
            kept.setdefault(norm(s.la), set()).update(h.sip for h in last if (h.role or "lead") == "lead")
    return kept
