"""Log lines: one line of JSON each, without personal data.

An exception is logged with its type and its trace, never with its text, because database errors quote refused values
such as addresses. For the same reason, messages of libraries are logged as templates without their arguments.
"""

import json
import logging
import logging.config
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from contract_server.visible_text import escape

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the HTTP request in progress."""

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_QUIET = (
    "uvicorn.access",
    "strawberry.execution",
    "strawberry.ws",
    "tortoise",
    "tortoise.db_client",
    "asyncio",
)
_CHATTY = ("arq", "uvicorn")


def configure(level: str) -> None:
    """Send every log line of this process and its libraries to standard error as JSON.

    Our own lines do not pass through `logging`, which takes three times as long.
    """
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": _formatter_for_libraries}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {name: {"level": "CRITICAL"} for name in _QUIET}
            | {name: {"level": "WARNING"} for name in _CHATTY},
        }
    )
    warnings.showwarning = _log_warning
    logging.raiseExceptions = False  # otherwise, a failed write prints the values
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.stdlib.add_logger_name, *_processors()],
        logger_factory=partial(_StandardError, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,  # `configure` may be called again
    )


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger for events with ids as fields: `log.info("contract erased", contract_id=…)`."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


class _StandardError:
    """Writes lines to standard error. One that cannot be written is lost, as with `logging`."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self.name = name  # of the logger

    def msg(self, line: str) -> None:
        with suppress(Exception):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = msg


def _processors() -> list[Processor]:
    """What happens to every event, ours or of a library."""
    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        _describe_exception,
        structlog.processors.JSONRenderer(serializer=_serialize),
    ]


def _formatter_for_libraries() -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_keep_template_only],
        processors=[_add_origin, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_processors()],
        pass_foreign_args=False,
        use_get_message=False,
    )


def _keep_template_only(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    if not isinstance(record.msg, str):  # an exception, for example, whose text structlog has taken
        event["event"] = type(record.msg).__qualname__
    return event


def _add_origin(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    event["level"], event["logger"] = record.levelname.lower(), record.name
    return event


def _add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if current := request_id.get():
        event.setdefault("request_id", current)
    return event


def _describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    info: ExceptionInfo | BaseException | bool | None = event.pop("exc_info", None)
    if info is True:  # set by `log.exception`
        info = sys.exception()
    error = info[1] if isinstance(info, tuple) else info or None
    if error is not None:
        event["exception"] = type(error).__qualname__
        event["at"] = [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ]
    return event


def _serialize(event: EventDict, **_: Any) -> str:  # noqa: ANN401 - structlog passes options of `json.dumps`
    try:
        return escape(orjson.dumps(event, default=_describe, option=orjson.OPT_NON_STR_KEYS).decode())
    except TypeError:  # a lone surrogate or a large number, which JSON allows
        return json.dumps(event, default=_describe, skipkeys=True)


def _describe(value: object) -> str:
    """Serialize ids and times as text, and any other object as its type, because its text may be personal."""
    return str(value) if isinstance(value, UUID | datetime) else type(value).__qualname__


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an uncaught exception, without its text."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        get_logger(__name__).critical("crashed", exc_info=(kind, error, trace))


def _log_warning(  # noqa: PLR0917 - the signature of `warnings.showwarning`
    message: Warning | str,  # noqa: ARG001 - as above
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - as above
    line: str | None = None,  # noqa: ARG001 - as above
) -> None:
    """Log the kind and place of a warning. Its text may contain personal data."""
    get_logger(__name__).warning("warned", kind=category.__qualname__, at=f"{filename}:{lineno}")


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None:
        _log_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)
