"""The solver behind a small vocabulary of whole numbers: posts, people, pairs, limits, structures, tiers
(`instance.py`).

Only this room imports OR-Tools. It knows no schools: benchmarks that are not about schools enter by the same
words. `method.py` chooses by size; `wide/` is the storey above, for what is too large to prove here.
"""
