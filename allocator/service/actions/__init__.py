"""What is done to a round, a plan, a programme: plain functions that pages and HTTP routes call alike.

Each takes the office, the request (whose version it guards, and whose key it is), who asks, and what is asked in the
words of `schemas.py`; it gives what was recorded or the job that was accepted. No page calls a route, and nothing
here knows forms, templates or headers of an answer.
"""
