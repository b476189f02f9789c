"""Invented words for invented people."""

from __future__ import annotations

import random

_FIRST = """
Amara Anil Beatrix Bronwen Callum Carys Dafydd Delia Edwin Efua Farah Fergus Gita Godfrey Hana Hector Imogen
Isaac Jasmin Jonty Kezia Kwame Leona Lorcan Maeve Mungo Nadia Ned Odette Owen Petra Piers Qadir Quinn Rhona
Rufus Saskia Selwyn Tamsin Tariq Una Ursula Vikram Violet Wanda Winston Xanthe Yara Yusuf Zelda Zubin
Ottoline Perpetua Barnaby
"""
FIRST = tuple(_FIRST.split())
_LAST = """
Alderwick Ashcombe Balderstone Birchley Brackwater Calverhythe Chestwold Coppermere Dallowby Dunnowfield
Eastlerigg Elmscroft Farthingoe Fennimoor Gorsley Greystead Hawksmead Holloway-Fenn Inglethorn Ivelchester
Jessamy Junipell Kestrelby Kilnworth Larkhollow Lindenby Marlpitt Merrowdown Nettlecombe Norwold Oakhanger
Orlestone Pellowe Pickersgrove Quarrington Quillfeather Ravenscar Rushmoor Saltersford Sorrelby Tamblyne
Thistlewick Underhythe Upperton Vellacote Vyneford Wanderley Wychling Yaffleby Yarrowgate Zeallby Zennorly
"""
LAST = tuple(_LAST.split())
_SPECIALISMS = """
phonics reading mathematics writing early_years curriculum assessment attendance behaviour inclusion
leadership governance safeguarding post_16
"""
SPECIALISMS = tuple(_SPECIALISMS.split())


def names(rng: random.Random, count: int) -> list[str]:
    """So many different names, each saying that it is invented."""
    pool = [f"{first} {last}" for first in FIRST for last in LAST]
    rng.shuffle(pool)
    rounds = -(-count // len(pool))
    every = [f"{name} {n}" if n else name for n in range(rounds) for name in pool]
    return [f"{name} (invented)" for name in every[:count]]
