"""Public benchmarks that are not about schools, read into the engine's own vocabulary."""
