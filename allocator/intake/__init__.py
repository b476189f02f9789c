"""From outside to a case, or to every problem at once: folders, workbooks, JSON, DataFrames, national files, a
manager's own words.

What is read as something else than it says is told. Nothing here decides who may go where, and nothing relaxes
what it reads.
"""
