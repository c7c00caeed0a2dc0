"""What a browser may not do while a test looks on: complain, ask another host, or get an answer that says no."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

LEAST_REFUSAL = 400


@dataclass
class Watch:
    """Over all pages of a context, which belong to the gallery at ``base``."""

    base: str
    complaints: list[str] = field(default_factory=list)
    _expected: list[re.Pattern[str]] = field(default_factory=list)

    def over(self, context: BrowserContext) -> Watch:
        context.on("console", self._said)
        context.on("weberror", self._failed)
        context.on("request", self._asked)
        context.on("response", self._answered)
        return self

    def expect(self, *patterns: str) -> None:
        """Complaints that match one of these belong to the test."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    def take(self) -> list[str]:
        """The complaints until now that nobody expected; from here on it begins anew."""
        found = [each for each in self.complaints if not any(pattern.search(each) for pattern in self._expected)]
        self.complaints.clear()
        self._expected.clear()
        return found

    def _said(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, error: WebError) -> None:
        self.complaints.append(f"error of the page: {error.error}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base}/", f"blob:{self.base}/", "data:")):
            self.complaints.append(f"another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= LEAST_REFUSAL:
            self.complaints.append(f"answer {response.status}: {response.request.method} {response.url}")
