"""Going on from a plan, one question a file: what if, whom instead, a refusal, who is critical, the year after.

Each makes a new case of the old one and solves that; none patches a plan, and none asks another.
"""
