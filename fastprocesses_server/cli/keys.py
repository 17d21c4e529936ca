"""`keys`: who may call the API with a key of their own."""

from typing import TYPE_CHECKING, Annotated

import typer

from .common import app, read_settings, write

if TYPE_CHECKING:
    from datetime import timedelta

    from ..jobs.api_keys import KeyStore
    from ..settings import Settings

keys = typer.Typer(help="API keys: make, list and revoke them. They count where FP_AUTH is on.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Name = Annotated[str, typer.Argument(help="Name of the key: whose it is, or what for.")]
Roles = Annotated[
    list[str] | None, typer.Option("--role", help="A role, for processes with `access`; may be given again.")
]
Expires = Annotated[str | None, typer.Option(help="How long the key is good for: 90d, 12h. Default: until revoked.")]


@keys.command()
def create(name: Name, role: Roles = None, expires: Expires = None) -> None:
    """Make a key and print it, this once."""
    import sys
    from datetime import UTC, datetime

    from ..errors import StartError
    from ..jobs.api_keys import make_key

    settings = read_settings(sys.stderr)
    secret, key = make_key(name, role or (), _lifetime(expires), datetime.now(UTC))
    if not _store(settings).add(key):
        raise StartError(f"there is a key {name} already; revoke it first, or choose another name")
    write(f"{secret}\n")
    note = "" if settings.asks_who else " FP_AUTH is off here: where the API has it off too, nobody is asked for a key."
    print(f"This is the only time that the key is shown.{note}", file=sys.stderr)  # noqa: T201 - not part of the key


@keys.command("list")
def list_keys() -> None:
    """Names, roles and expiry of all keys."""
    import sys
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    for key in sorted(_store(read_settings(sys.stderr)).all(), key=lambda key: key.name):
        roles = ", ".join(sorted(key.roles)) or "no roles"
        until = f"expires {key.expires:%Y-%m-%d %H:%M}" if key.expires else "does not expire"
        write(f"{key.name}: {roles}; made {key.created:%Y-%m-%d}, {'expired' if key.is_expired(now) else until}\n")


@keys.command()
def revoke(name: Name) -> None:
    """Have no API take the key any more, within two seconds."""
    import sys

    from ..errors import StartError
    from ..processes.suggestion import suggest

    store = _store(read_settings(sys.stderr))
    if not store.remove(name):
        raise StartError(f"there is no key {name}{suggest(name, [key.name for key in store.all()])}")
    write(f"{name} is revoked\n")


def _store(settings: "Settings") -> "KeyStore":
    """The file where the settings name one, the Redis of `dev` where one runs here, else that of the settings."""
    from ..jobs.api_keys import KeysInFile, KeysInRedis
    from ..standalone.valkey import running_url

    if settings.api_keys_file:
        return KeysInFile(settings.api_keys_file)
    embedded = None if settings.names_a_redis else running_url(settings.state_dir)
    return KeysInRedis(embedded or settings.broker_url.get_secret_value())


def _lifetime(expires: str | None) -> "timedelta | None":
    from datetime import timedelta

    from pydantic import TypeAdapter, ValidationError

    from ..errors import UsageError
    from ..processes.quantities import Seconds

    if expires is None:
        return None
    try:
        return timedelta(seconds=TypeAdapter(Seconds).validate_python(expires))
    except (ValidationError, OverflowError):
        raise UsageError("--expires: write a number and one of s, min, h, d, for example 90d") from None
