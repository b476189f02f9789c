"""Durable work: solves, what-ifs, sweeps and exports, done by any number of worker processes."""
