"""The upper storey: instances of more than `method.SMALL` pairs, and plain assignment that is too wide for CP-SAT.

One search with HiGHS over the whole (`whole.py`), areas with a bound for the very large (`large.py`), search and
knapsacks for plain assignment (`search.py`, `knapsack.py`). `method.py` and `ties.py` open the door to it, and nobody
else: a plan of one authority is solved and proved without it.
"""
