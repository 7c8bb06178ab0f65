"""Listening to the readers that are near, for a while or until somebody has seen enough."""

import asyncio
from collections.abc import Callable

from .bluetooth import Bluetooth
from .readers import News, Readers

_PERIOD_SECONDS = 0.5


async def listen(
    bluetooth: Bluetooth,
    readers: Readers,
    seconds: float | None,
    tell: Callable[[News], None] = lambda news: None,
) -> None:
    """Keep ``readers`` up to date for ``seconds``, None for ever, and ``tell`` what is new.

    However fast they change, a change of one is told twice a second at most.
    """
    loop = asyncio.get_running_loop()
    async with bluetooth.scanning(readers.hear) as tidy:
        end = None if seconds is None else loop.time() + seconds
        while end is None or loop.time() < end:
            left = _PERIOD_SECONDS if end is None else end - loop.time()
            await asyncio.sleep(min(_PERIOD_SECONDS, left))
            for news in readers.news():
                tell(news)
            await tidy()
