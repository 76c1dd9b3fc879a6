"""Logs in files of JSON lines, as the guide's StructuredLogger, ContextualLogger and LogLevelManager write them.

usage: guide_structured.py structured|contextual|levels FILE

levels writes every level of every logger to FILE, and what the LogLevelManager lets
through to FILE.expected.
"""

import contextvars
import datetime
import json
import logging
import sys


class JSONFormatter(logging.Formatter):
    def format(self, record):
        line = {
            # utcnow() is deprecated; the text is the same, without a time zone.
            "timestamp": datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
        }
        return json.dumps({**line, **getattr(record, "context", {})})


def to_file(path):
    handler = logging.FileHandler(path)
    handler.setFormatter(JSONFormatter())
    return handler


def structured(path):
    logger = logging.getLogger("arc")
    logger.setLevel(logging.INFO)
    logger.addHandler(to_file(path))
    logger.info("Agent invoked", extra={"context": {"agent_name": "researcher", "task_id": "123", "user_id": "user_456"}})
    try:
        raise ConnectionError("no route")
    except ConnectionError as error:
        context = {"model": "gpt-4o", "retry_count": 3, "duration_ms": 5000, "error": str(error), "error_type": type(error).__name__}
        logger.error("LLM call failed", extra={"context": context})
    # What LLMMonitor logs of an expensive call, which the monitor itself reports too.
    logger.warning("High-cost LLM call", extra={"context": {"model": "gpt-4o", "cost": 1.5, "tokens": 150_000}})
    logger.debug("below the level")


def contextual(path):
    request_id, user_id = contextvars.ContextVar("request_id", default=None), contextvars.ContextVar("user_id", default=None)
    logger = logging.getLogger("arc")
    logger.setLevel(logging.INFO)
    logger.addHandler(to_file(path))

    def handle(request, user):
        request_id.set(request)
        user_id.set(user)
        context = {"request_id": request_id.get(), "user_id": user_id.get()}
        logger.info("Processing request", extra={"context": {key: value for key, value in context.items() if value}})

    for request, user in (("r-1", "ada"), ("r-2", None)):
        contextvars.copy_context().run(handle, request, user)


def levels(path):
    managed = {
        "arc.agents": logging.INFO,
        "arc.workflows": logging.INFO,
        "arc.core": logging.INFO,
        "httpx": logging.WARNING,
        "openai": logging.WARNING,
        "langchain": logging.WARNING,
        "urllib3": logging.WARNING,
        "arc.cache": logging.DEBUG,
        "arc.rl": logging.DEBUG,
    }
    for file, manage in ((path + ".expected", True), (path, False)):
        handler = to_file(file)
        for name, level in managed.items():
            logger = logging.getLogger(name)
            logger.handlers = [handler]
            logger.setLevel(level if manage else logging.DEBUG)
        for name in managed:
            for child in ("", ".child"):  # children inherit
                for method in ("debug", "info", "warning", "error", "critical"):
                    getattr(logging.getLogger(name + child), method)("%s%s %s", name, child, method)
        handler.close()


{"structured": structured, "contextual": contextual, "levels": levels}[sys.argv[1]](sys.argv[2])
