"""The pages: server-rendered HTML over the same functions as the API. Reading, answering and confirming need no script."""

from allocator.service.pages import ask, asked, choosing, data, desk, entrance, news, waiting, weighing, whatif

FAMILIES = (entrance, desk, news, waiting, ask, asked, data, whatif, choosing, weighing)
