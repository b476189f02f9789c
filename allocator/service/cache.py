"""What is slow to work out and never changes, kept while there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class AnswerCache(Generic[T]):
    """The answers asked for last, by key. Each is worked out once, however many ask for it at the same time.

    Kept while their sizes come to no more than `most`, the last one whatever its size; without `size` each counts 1.
    """

    def __init__(self, most: int, size: Callable[[T], int] = lambda _: 1) -> None:
        self._most, self._size = most, size
        self._sizes: dict[Hashable, int] = {}
        self._rows: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer for `key`, made if it is not here. What `make` raises is raised, and not kept."""
        with self._lock:
            found = self._rows.get(key)
            mine = found is None
            if found is None:
                found = self._rows[key] = Future()
            self._rows.move_to_end(key)
        if mine:
            try:
                made = make()
                self._fit(key, self._size(made))
                found.set_result(made)
            except BaseException as error:
                with self._lock:
                    self._rows.pop(key, None)
                found.set_exception(error)
                raise
        return found.result()

    def _fit(self, key: Hashable, size: int) -> None:
        """What was asked for longest ago goes; what is still being worked out has no size yet."""
        with self._lock:
            if key in self._rows:
                self._sizes[key] = size
            while len(self._rows) > 1 and sum(self._sizes.values()) > self._most:
                old, _ = self._rows.popitem(last=False)
                self._sizes.pop(old, None)
