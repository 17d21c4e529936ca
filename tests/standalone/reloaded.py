"""A module that is reloaded, and the parts of a server that does it."""

from pathlib import Path
from secrets import token_hex

import httpx
from serving import PLAIN, Client, Part, wait_until

SECONDS = 30

WORDS = """\
import time
from pathlib import Path

WORD = "{word}"


def say(until: str = "") -> str:
    if until:
        Path(until + ".begun").touch()
    while until and not Path(until).exists():
        time.sleep(0.05)
    return WORD


def note(file: str, line: str) -> str:
    with Path(file).open("a") as notes:
        notes.write(line + "\\n")
    time.sleep(0.1)
    return WORD


def tell(until: str) -> str:
    number = 0
    while not Path(until).exists():
        print(WORD, number)
        number += 1
        time.sleep(0.2)
    return WORD
"""


def save(folder: Path, word: str, more: str = "") -> None:
    """As editors do: beside the file, then in its place."""
    beside = folder / ".words.py.swp"
    beside.write_text(WORDS.format(word=word) + more)
    beside.replace(folder / "words.py")


def make_folder(home: Path) -> Path:
    folder = home / "processes.d"
    folder.mkdir()
    restore(folder)
    return folder


def restore(folder: Path) -> None:
    """What every test begins with; the module is another one than before."""
    for file in folder.glob("*.yaml"):
        file.unlink()
    (folder / "say.yaml").write_text("callable: words.say\nversion: 1.0.0\n")
    save(folder, "old", f"# {token_hex(4)}\n")


def says(client: Client, word: str) -> bool:
    response = client.execute("say", {})
    return response.status_code == 200 and response.text == word


def begin(client: Client, until: Path) -> str:
    """A job of `say` whose code is loaded: a job that is running may still be about to import it."""
    job_id = client.submit("say", {"until": str(until)})
    wait_until(until.with_name(f"{until.name}.begun").exists, SECONDS, lambda: str(client.status(job_id)))
    return job_id


def url(part: Part) -> str:
    return f"http://localhost:{part.environment['FP_PORT']}"


def is_ready(part: Part) -> bool:
    try:
        return httpx.get(f"{url(part)}/health/ready", timeout=5, verify=PLAIN).status_code == 200
    except httpx.TransportError:
        return False


def title(part: Part) -> str:
    text: str = httpx.get(f"{url(part)}/processes/say", verify=PLAIN).json().get("title", "")
    return text
