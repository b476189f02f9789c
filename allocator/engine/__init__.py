"""The solver behind a small vocabulary of whole numbers: posts, people, pairs, limits, structures, tiers (`instance.py`).

Only this room imports OR-Tools. It knows no schools: benchmarks that are not about schools enter by the same words. `method.py` chooses by size.
"""
