"""The end of the API process, as those hear of it whose answers take long."""

import asyncio
from contextlib import suppress


class Ending:
    """Set once, by who serves the API."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def begin(self) -> None:
        self.event.set()

    async def begins_within(self, seconds: float) -> bool:
        """Whether the process ends now, after a pause of so many seconds where it does not."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.event.wait(), seconds)
        return self.event.is_set()
