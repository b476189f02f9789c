"""The HTTP service (contract 5). Routes do what the Python API does, and nothing else."""
