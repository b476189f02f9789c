"""The pages: server-rendered HTML over the same functions as the API. Reading, answering and confirming need no script."""

from allocator.service.pages import (
    account,
    ask,
    asked,
    board,
    choosing,
    chronicle,
    confirming,
    data,
    desk,
    entrance,
    facts,
    handing,
    head,
    hearing,
    letter,
    map,
    moving,
    national,
    news,
    partner,
    plan,
    school,
    settings,
    sip,
    staff,
    telling,
    versions,
    waiting,
    weighing,
    whatif,
)

FAMILIES = (
    account, entrance, letter, desk, news, waiting, ask, asked, data, facts, versions, national, settings, plan, board, moving, school, sip, map, whatif, choosing, weighing,
    telling, hearing, confirming, chronicle, handing, staff, head, partner,
)  # fmt: skip
