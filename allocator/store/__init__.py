"""What is kept: SQLite in one file by default, PostgreSQL by one URL. Nothing kept is ever edited in place but states."""
