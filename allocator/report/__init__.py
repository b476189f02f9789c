"""Ways out: terminal, workbook, HTML page, letters, maps and pictures, tables for pandas.

They show what a plan and its reasons say, and work nothing out that the auditor could not check. Nothing here
knows the store or the web.
"""
