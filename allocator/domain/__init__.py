"""Facts in, answers out: the tables of a case, the policy, what follows from both, changes, rounds and the plan.

Frozen values and plain functions over them; a change is a function from a case to a case. Nothing here knows a
file, a solver, a rule or a screen, and no table of pandas comes in.
"""
