"""Routes, a file a family: each says who may ask and which errors it can answer, calls an action, and sets headers.

What is decided is decided in `rounds`; no route calls a page, and none holds what a page needs too.
"""
