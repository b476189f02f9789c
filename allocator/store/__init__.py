"""What is kept: SQLite in one file by default, PostgreSQL by one URL. Nothing kept is ever edited in place but states.

Cases, plans and events are written once; what stands is folded from them. Only here and in `jobs` and `service` is
a database known.
"""
