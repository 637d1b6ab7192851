"""Learning a house's writing from a sample that a client sends.

It takes seconds of a core, so the command does it in a process of its own: other requests go
on, and it ends when the client is gone or the time is up.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from majuscule.server.refusals import Refusal

if TYPE_CHECKING:
    from majuscule.server.restorers import Restorers
    from majuscule.server.settings import Settings
    from majuscule.server.shapes import AdaptRequest

PATIENCE = 10
"""Times the time of other requests that it may take."""


class Adapting:
    """Adapts to one sample at a time.

    Args:
        settings: the model, and how long it may take.
        restorers: where the adapters go.
    """

    def __init__(self, settings: Settings, restorers: Restorers) -> None:
        self._settings, self._restorers = settings, restorers
        self._one = asyncio.Lock()

    async def adapt(self, asked: AdaptRequest) -> tuple[str, list[str]]:
        """Learn from a sample.

        Returns:
            What the adapter is called, and what was learned, in lines.

        Raises:
            Refusal: the sample is too long, teaches nothing, or takes too long.
        """
        if len(asked.sample) > self._settings.max_sample:
            raise Refusal(
                413,
                "too_large",
                f"expected a sample of at most {self._settings.max_sample:,} characters, got"
                f" {len(asked.sample):,}; send less, or use majuscule adapt",
            )
        if self._one.locked():
            raise Refusal(
                503,
                "busy",
                "expected one sample at a time, got another; come again in a moment",
                {"Retry-After": "10"},
            )
        async with self._one:
            with tempfile.TemporaryDirectory() as folder:
                return await self._learned(asked, Path(folder))

    async def _learned(self, asked: AdaptRequest, folder: Path) -> tuple[str, list[str]]:
        sample, output = folder / "sample.txt", folder / "house.safetensors"
        sample.write_text(asked.sample, encoding="utf-8", newline="")
        command = [sys.executable, "-m", "majuscule", "adapt", str(sample), "-o", str(output)]
        command += [part for file in self._settings.model for part in ("--model", file)]
        if asked.style is not None:
            command += ["--style", asked.style]
        if asked.tokenised:
            command.append("--tokenised")
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which lets it end
        )
        try:
            _, told = await asyncio.wait_for(
                process.communicate(), PATIENCE * self._settings.timeout
            )
        except asyncio.TimeoutError:
            raise Refusal(
                503, "timeout", "expected to learn in time, did not; send a shorter sample"
            ) from None
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        lines = [line.removeprefix("majuscule: ") for line in told.decode().splitlines()]
        if process.returncode:
            says = lines[-1] if lines else "nothing was learned"
            raise Refusal(
                422, "invalid", says.replace(f"{sample}", "sample").partition("; see ")[0]
            )
        learned = [line for line in lines if line not in {"trying", "learning"}]
        return self._restorers.add(output), learned[:-1]  # the last says where the file is
