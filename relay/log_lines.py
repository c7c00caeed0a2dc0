"""Log records as JSON, one on a line; the ``facts`` of a record are fields of their own."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """``{"time", "level", "logger", "message", …facts}``, with ``"trace"`` when an exception is logged."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_standard_error() -> None:
    """All of the relay's records of some weight, from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("relay")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
