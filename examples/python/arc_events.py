"""Sends Arc's log records and events to the collector, with Python's standard library only.

    events = EventSender("http://localhost:8123")
    logging.getLogger().addHandler(EventHandler(events))

    @track_execution(events, "research_agent")
    def research(task): ...

    @track_llm_call(events, "gpt-4o")
    def ask(prompt): ...
"""

import atexit
import functools
import json
import logging
import queue
import threading
import time
import traceback
import urllib.error
import urllib.request
from datetime import datetime, timezone


class EventSender:
    """Posts events in batches from a background thread, so that the application never waits.

    At most `size` events wait; further ones are dropped and counted in `dropped`.
    While the collector cannot be reached or throttles (429, 503), a batch is kept
    and sent again.
    """

    def __init__(self, url="http://localhost:8123", size=10_000, batch=500, interval=0.5):
        self.url, self.batch, self.interval = url.rstrip("/") + "/v1/events", batch, interval
        self.dropped = 0
        self._events = queue.Queue(size)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def send(self, event):
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def close(self, timeout=10):
        """Sends the waiting events, for up to `timeout` seconds."""
        self._closing.set()
        self._thread.join(timeout)

    def _run(self):
        while not (self._closing.is_set() and self._events.empty()):
            batch = self._next()
            if batch:
                self._deliver("".join(json.dumps(event, default=str) + "\n" for event in batch).encode())

    def _next(self):
        batch, deadline = [], time.monotonic() + self.interval
        while len(batch) < self.batch:
            wait = 0 if self._closing.is_set() else max(0, deadline - time.monotonic())
            try:
                batch.append(self._events.get(timeout=wait) if wait else self._events.get_nowait())
            except queue.Empty:
                break
        return batch

    def _deliver(self, body):
        wait = 0.5
        while True:
            request = urllib.request.Request(self.url, body, {"Content-Type": "application/x-ndjson"})
            try:
                with urllib.request.urlopen(request, timeout=10):
                    return
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503):
                    return  # it would be rejected again
            except OSError:
                pass  # not reachable
            if self._closing.wait(wait) and wait > 8:
                return
            wait = min(wait * 2, 30)


class EventHandler(logging.Handler):
    """Sends each log record in the format of the Arc guide's JSONFormatter."""

    def __init__(self, events):
        super().__init__()
        self.events = events

    def emit(self, record):
        event = {
            "timestamp": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
        }
        if record.exc_info:
            event["exc_info"] = "".join(traceback.format_exception(*record.exc_info))
        event.update(getattr(record, "context", {}))
        self.events.send(event)


def track_execution(events, agent_name):
    """Sends an event for each run of an agent, with its status and duration."""

    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            start, status = time.monotonic(), "success"
            try:
                return function(*args, **kwargs)
            except Exception:
                status = "error"
                raise
            finally:
                events.send({"timestamp": _now(), "agent_name": agent_name, "status": status, "duration": time.monotonic() - start})

        return wrapper

    return decorator


def track_llm_call(events, model):
    """Sends an event for each call of a model. The collector prices it."""

    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            start, event = time.monotonic(), {"model": model, "status": "success"}
            usage = {}
            try:
                result = function(*args, **kwargs)
                usage = result.get("usage", {})
                return result
            except Exception as error:
                event.update(status="timeout" if isinstance(error, TimeoutError) else "error", error_message=str(error))
                raise
            finally:
                event.update(
                    timestamp=_now(),
                    prompt_tokens=usage.get("prompt_tokens", 0),
                    completion_tokens=usage.get("completion_tokens", 0),
                    duration_seconds=time.monotonic() - start,
                )
                events.send(event)

        return wrapper

    return decorator


def _now():
    return datetime.now(timezone.utc).isoformat()
