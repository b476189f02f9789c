"""Why, why not, why nobody: a plan's claims, and the words made of them for manager, head, SIP and director.

`answer.py` lets no plan out that the auditor has not passed. What cannot be worked out again is not said; what one
reader may not know is not in their words. Nothing here writes files or knows a page.
"""
