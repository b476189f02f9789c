"""Durable work: solves, what-ifs, sweeps and exports, done by any number of worker processes.

A job is accepted when its row is committed; the queue beside it can be lost. A job calls the same functions as the
command line, and decides nothing.
"""
