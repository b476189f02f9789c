"""What a benchmark run reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """`value` found and `bound` proved, in the benchmark's own sense and units; wall seconds. `worst`: the worst-off
    post's value and its bound, where they were asked for."""

    instance: str
    value: float
    bound: float
    seconds: float
    worst: tuple[float, float] | None = None

    def out(self) -> dict[str, object]:
        shown: dict[str, object] = {
            "instance": self.instance, "value": self.value, "bound": self.bound, "seconds": self.seconds,
        }  # fmt: skip
        if self.worst is not None:
            shown |= {"worst": self.worst[0], "worst_bound": self.worst[1]}
        return shown
