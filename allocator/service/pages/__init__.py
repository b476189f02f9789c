"""The pages: server-rendered HTML over the same functions as the API. Reading, answering and confirming need no script."""

from allocator.service.pages import (
    ask,
    asked,
    board,
    choosing,
    data,
    desk,
    entrance,
    map,
    moving,
    news,
    school,
    settings,
    sip,
    waiting,
    weighing,
    whatif,
)

FAMILIES = (
    entrance, desk, news, waiting, ask, asked, data, settings, board, moving, school, sip, map, whatif, choosing, weighing,
)  # fmt: skip
