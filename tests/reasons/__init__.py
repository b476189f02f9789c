"""Explanations: true, complete, and nothing told that may not be."""
