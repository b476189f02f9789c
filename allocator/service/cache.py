"""What is slow to work out and never changes, kept while there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class AnswerCache(Generic[T]):
    """The answers asked for last, by key. Each is worked out once, however many ask for it at the same time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer for `key`, made if it is not here. What `make` raises is raised, and not kept."""
        with self._lock:
            found = self._rows.get(key)
            mine = found is None
            if found is None:
                found = self._rows[key] = Future()
                while len(self._rows) > self._most:
                    self._rows.popitem(last=False)
            self._rows.move_to_end(key)
        if mine:
            try:
                found.set_result(make())
            except BaseException as error:
                with self._lock:
                    self._rows.pop(key, None)
                found.set_exception(error)
                raise
        return found.result()
