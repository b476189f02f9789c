"""The service (contract 5): who may ask, routes for programs, pages for people, the actions that both call, mail.

It does what the Python face does, for people who may see different things: every answer goes through what its
reader may know (`roles.py`, `views.py`). No rule of the allocation or of the round is decided here.
"""
