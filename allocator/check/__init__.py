"""The auditor: works every day, figure and claim of a plan out again, from the case alone and docs/reference/rules.md.

It shares no code with rules, engine, setup or reasons, and asks none of them; that is what its word is worth.
"""
