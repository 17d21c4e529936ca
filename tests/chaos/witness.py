"""Clients of a server whose parts die: what they were promised, and one that looks whether it is kept."""

import random
import threading
import time
from typing import Any

import httpx
from serving import PLAIN

FINAL = ("successful", "failed", "dismissed")
LOOK_SECONDS = 0.3


class Ledger:
    """What clients were told. For several threads; a broken promise is written down, with the job."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.accepted: dict[str, str] = {}
        """Ids of jobs that were answered with 201, and the tokens in their requests."""
        self.answered = 0
        """Requests that waited, and got their outputs."""
        self.refused = 0
        """Requests without such an answer; what they asked for may have happened all the same."""
        self.dismissed: set[str] = set()
        """For which a DELETE was sent: they may be dismissed, or removed when they have ended."""
        self.broken: list[str] = []

    def execute(self, process: str, inputs: dict[str, Any], *, is_async: bool) -> str | None:
        """The id of a job, where the server has promised one."""
        headers = {"Prefer": "respond-async"} if is_async else {}
        try:
            url = f"{self.url}/processes/{process}/execution"
            response = httpx.post(url, json={"inputs": inputs}, headers=headers, timeout=90, verify=PLAIN)
        except httpx.TransportError as error:
            if isinstance(error, httpx.ReadTimeout):
                self.broken.append(f"{process} {inputs['token']}: no answer in 90 s")
            self.refused += 1
            return None
        match response.status_code:
            case 201 if is_async:
                job_id: str = response.json()["jobID"]
                self.accepted[job_id] = inputs["token"]
                return job_id
            case 200 if not is_async:
                self.answered += 1
                self.expect(response.text.startswith(inputs["token"] + " "), f"outputs of {inputs['token']} are wrong")
            case 503 | 500:
                is_problem = response.headers["content-type"] == "application/problem+json"
                self.expect(is_problem and "detail" in response.json(), f"no problem document: {response.text[:300]}")
                self.refused += 1
            case _:
                self.broken.append(f"{response.status_code} {response.text[:300]}")
        return None

    def delete(self, job_id: str) -> bool:
        self.dismissed.add(job_id)
        try:
            return httpx.delete(f"{self.url}/jobs/{job_id}", timeout=30, verify=PLAIN).status_code in (200, 410)
        except httpx.TransportError:
            return False

    def expect(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            self.broken.append(otherwise)


class Witness(threading.Thread):
    """Looks at every accepted job, again and again: results are there as soon as it is successful; no end changes."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self.ledger = ledger
        self.ended: dict[str, str] = {}
        self.makers: dict[str, str] = {}
        """The process that made a job's outputs, as these say."""
        self.has_to_end = threading.Event()
        self.chance = random.Random(0)  # noqa: S311

    def run(self) -> None:
        with httpx.Client(base_url=self.ledger.url, timeout=20, verify=PLAIN) as client:
            while not self.has_to_end.wait(LOOK_SECONDS):
                for job_id in self._worth_a_look():
                    try:
                        self._look(client, job_id)
                    except httpx.TransportError:
                        break

    def _worth_a_look(self) -> list[str]:
        """Those that have not ended, and a few that have."""
        ended = self.chance.sample(sorted(self.ended), min(3, len(self.ended)))
        return [job_id for job_id in list(self.ledger.accepted) if job_id not in self.ended] + ended

    def _look(self, client: httpx.Client, job_id: str) -> None:
        response = client.get(f"/jobs/{job_id}")
        if response.status_code == 503:
            time.sleep(LOOK_SECONDS)
            return
        if response.status_code == 410 and job_id in self.ledger.dismissed:
            self.ended[job_id] = "removed"
            return
        if response.status_code != 200:
            self.ledger.broken.append(f"job {job_id}: {response.status_code} {response.text[:300]}")
            return
        status = response.json()["status"]
        if (before := self.ended.get(job_id)) not in (None, status):
            self.ledger.broken.append(f"job {job_id}: {before}, then {status}")
        if status in FINAL:
            self._check_results(client, job_id, status)
            self.ended[job_id] = status

    def _check_results(self, client: httpx.Client, job_id: str, status: str) -> None:
        response = client.get(f"/jobs/{job_id}/results")
        if response.status_code == 503 or job_id in self.ledger.dismissed:
            return
        token = self.ledger.accepted[job_id]
        if status == "successful":
            self.makers[job_id] = response.text.split()[1]
        fits = {
            "successful": response.status_code == 200 and response.text.startswith(token + " "),
            "failed": response.status_code == 500 and "detail" in response.json(),
            "dismissed": False,  # nobody has asked for that
        }
        self.ledger.expect(fits[status], f"{status} job {job_id}: {response.status_code} {response.text[:300]}")

    def has_seen_all_end(self) -> bool:
        return not [job_id for job_id in list(self.ledger.accepted) if job_id not in self.ended]

    def stop(self) -> None:
        self.has_to_end.set()
        self.join()
