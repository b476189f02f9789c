"""Mixed use for as long as you say: python -m tests.benchmarks.hour [--minutes 60] [--store URL]

Hartwell's round with every pair proposed; 26 heads, 10 SIPs, three managers and a program, each with pauses, on `allocator serve`
with two workers: first every head's and SIP's page in the same moment, as just after letters, on a server just begun and twice
more; then each in their own time. Prints what was asked by route (number, p50, p95, p99 in ms, answers that were no success), the jobs that ended,
and the memory of the server and its workers minute by minute. Measures; asserts nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import tempfile
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx

from allocator import rounds
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.intake.read import read_case
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Programme, RoundRow
from tests.servers import Server, serving
from tests.service.office import MEL

CASE = Path(__file__).parents[2] / "scenarios" / "hartwell"
ROOM = {"ALLOCATOR_OPEN_JOBS": "1000", "ALLOCATOR_SHOWN_HOURS": "48"}
PAGES = "", "/plan", "/board", "/map", "/ask", "/answers", "/confirm", "/lists", "/checks", "/log?limit=50"
HEADS, SIPS, MANAGERS = 26, 10, 3


class Use:
    """What was asked and how long it took."""

    def __init__(self, server: Server, db: Database, case: Case, plan: str) -> None:
        self.server, self.db, self.case, self.plan = server, db, case, plan
        self.end = 0.0
        self.times: dict[str, list[float]] = defaultdict(list)
        self.not_well: Counter[str] = Counter()
        self.jobs: Counter[str] = Counter()
        self.lock = threading.Lock()

    def client(self, role: roles.GrantRole, name: str, **who: str) -> httpx.Client:
        with self.db.write() as s:
            roles.enrol(s, f"{name}@hour.example", name, "h", role, **who)
            person = roles.person_by_email(s, f"{name}@hour.example")
            assert person is not None
            link = passes.link(s, person, 60, roles.ROLE_OF[role], "h")
        signed = httpx.post(f"{self.server.base}/api/v1/sign-in/{link}", timeout=90)
        signed.raise_for_status()
        return httpx.Client(base_url=self.server.base, timeout=90, cookies=signed.cookies)

    def ask(self, client: httpx.Client, what: str, method: str, path: str, **body: Any) -> httpx.Response | None:
        began = time.perf_counter()
        try:
            answer = client.request(method, path, **body)
            told = "" if answer.status_code < 400 else f"{what}: {answer.status_code}"
        except httpx.HTTPError as e:
            answer, told = None, f"{what}: {type(e).__name__}"
        with self.lock:
            self.times[what].append(time.perf_counter() - began)
            if told:
                self.not_well[told] += 1
        return answer

    def waits(self, dice: random.Random, least: float, most: float) -> bool:
        """A pause before whatever is next; False once the time is over."""
        time.sleep(dice.uniform(least, most))
        return time.monotonic() < self.end

    def at_once(self) -> list[int]:
        """How long whoever waits longest waits for their own page, in ms, where all ask in the same moment: cold, then warm."""
        heads = [self.client("head", f"head{n}", urn=self.case.schools[n].urn) for n in range(HEADS)]
        sips = [self.client("sip", f"sip{n}", sip=self.case.sips[n].sip) for n in range(SIPS)]
        asks = [(c, "/school") for c in heads] + [(c, "/sip") for c in sips]
        longest = []
        with ThreadPoolExecutor(len(asks)) as together:
            for _ in range(3):
                took = list(together.map(lambda x: x[0].get(x[1]).raise_for_status().elapsed, asks))
                longest.append(round(max(took).total_seconds() * 1000))
        return longest

    def head(self, n: int) -> None:
        urn, dice = self.case.schools[n].urn, random.Random(n)
        client = self.client("head", f"head{n}", urn=urn)
        while self.waits(dice, 4, 12):
            self.ask(client, "GET /school", "GET", "/school")
            if dice.random() < 0.05:
                body = {"urn": urn, "answer": "query", "by": "head", "reason": f"What of {dice.randrange(10**6)}?"}
                self.ask(client, "POST api answers", "POST", f"/api/v1/plans/{self.plan}/answers", json=body)

    def sip(self, n: int) -> None:
        client, dice = self.client("sip", f"sip{n}", sip=self.case.sips[n].sip), random.Random(n)
        while self.waits(dice, 4, 12):
            self.ask(client, "GET /sip", "GET", "/sip")

    def manager(self, n: int) -> None:
        client, dice = self.client("manager", f"manager{n}"), random.Random(n)
        while self.waits(dice, 1, 4):
            page = dice.choice(PAGES)
            self.ask(client, f"GET /rounds/id{page.split('?')[0]}", "GET", f"/rounds/h{page}")
            if dice.random() < 0.1:
                urn = dice.choice(self.case.schools).urn
                self.ask(client, "GET /rounds/id/schools/urn", "GET", f"/rounds/h/schools/{urn}")

    def program(self) -> None:
        client, dice, n = self.client("manager", "program"), random.Random(0), 0
        body = canon.case_out(self.case)
        while self.waits(dice, 1, 3):
            n += 1
            self.ask(client, "GET api plan", "GET", f"/api/v1/plans/{self.plan}")
            urn, sip = dice.choice(self.case.schools).urn, dice.choice(self.case.sips).sip
            self.ask(client, "GET api why-not", "GET", f"/api/v1/plans/{self.plan}/why-not?urn={urn}&sip={sip}")
            if n % 10 == 0:
                self.ask(client, "PUT api case", "PUT", "/api/v1/rounds/other/case", json=body)
                wish = {"seed": n, "adopt": False}
                made = self.ask(client, "POST api solve", "POST", "/api/v1/rounds/other/solves", json=wish)
                if made is not None and made.status_code == 202:
                    self.job(client, made.json()["id"])

    def job(self, client: httpx.Client, id: str) -> None:
        began = time.perf_counter()
        while time.perf_counter() - began < 120:
            answer = self.ask(client, "GET api job", "GET", f"/api/v1/solves/{id}")
            state = answer.json().get("state") if answer is not None and answer.status_code == 200 else None
            if state not in ("queued", "running"):
                break
            time.sleep(0.5)
        with self.lock:
            self.jobs[str(state)] += 1
            self.times["a job from asked to done"].append(time.perf_counter() - began)


def memory(pid: int) -> dict[int, float]:
    """MB held by this process and its children, by process."""
    out = {pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        out |= memory(int(child))
    return out


def fill(db: Database, case: Case) -> str:
    """A round with every pair proposed, and one beside it to solve in; returns the plan's id."""
    reading, today = read_case(CASE), dt.date.today()
    plan = solve(case, reading.policy)
    with db.write() as s:
        s.add(Programme(id="h", name="Hour", created_at=keep.now()))
        s.flush()
        s.add_all(RoundRow(id=id, programme_id="h", name=id, created_at=keep.now()) for id in ("h", "other"))
        s.flush()
        row = keep.the_round(s, "h", lock=True)
        keep.keep_case(s, row, case, reading.policy, [], MEL)
        id = keep.keep_plan(s, "h", plan).id
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "h"), plan), MEL)
        urns = [a.urn for a in plan.assignments if a.post == "lead"]
        keep.step(s, "h", MEL, lambda d: rounds.propose(d, urns, today, today + dt.timedelta(days=20)))
    return id


def main(minutes: float, store: str) -> None:
    reading = read_case(CASE)
    assert reading.case is not None
    with tempfile.TemporaryDirectory() as folder:
        url = store or f"sqlite:///{folder}/hour.db"
        with serving(url, Path(folder), ROOM, workers=2, quick=False) as server:
            db = Database(url)
            use = Use(server, db, reading.case, fill(db, reading.case))
            print(f"{HEADS + SIPS} pages in the same moment, the longest wait: {use.at_once()} ms", flush=True)
            use.end = time.monotonic() + minutes * 60
            people = [threading.Thread(target=use.head, args=(n,)) for n in range(HEADS)]
            people += [threading.Thread(target=use.sip, args=(n,)) for n in range(SIPS)]
            people += [threading.Thread(target=use.manager, args=(n,)) for n in range(MANAGERS)]
            people += [threading.Thread(target=use.program)]
            for person in people:
                person.start()
            assert server.process is not None
            began, shown = time.monotonic(), -1
            while time.monotonic() < use.end:
                minute = int((time.monotonic() - began) / 60)
                if minute > shown:
                    shown = minute
                    held = memory(server.process.pid)
                    print(f"minute {minute:3}: MB {' '.join(f'{mb:.0f}' for mb in held.values())}", flush=True)
                time.sleep(1)
            for person in people:
                person.join()
    told(use)


def told(use: Use) -> None:
    print("| route | n | p50 ms | p95 | p99 |\n| --- | ---: | ---: | ---: | ---: |")
    for what, times in sorted(use.times.items()):
        times.sort()
        p50, p95, p99 = (1000 * times[min(len(times) - 1, int(len(times) * p))] for p in (0.5, 0.95, 0.99))
        print(f"| {what} | {len(times):,} | {p50:.0f} | {p95:.0f} | {p99:.0f} |")
    print(f"{sum(map(len, use.times.values())):,} requests; jobs {dict(use.jobs)}; no success: {dict(use.not_well)}")


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--store", default="")
    given = asked.parse_args()
    main(given.minutes, given.store)
