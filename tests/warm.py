"""Read by the process that tests' servers are forked from, and by no other: what each would make anew at its start."""

from __future__ import annotations

from allocator.service.pages import ground

ground.compile_all()
