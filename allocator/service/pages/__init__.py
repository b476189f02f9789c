"""The pages: server-rendered HTML over the same functions as the API. Reading, answering and confirming need no script."""

from allocator.service.pages import ask, asked, data, desk, entrance, waiting

FAMILIES = (entrance, desk, waiting, ask, asked, data)
