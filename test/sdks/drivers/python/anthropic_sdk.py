"""Anthropic's SDK, whose own spans are on by default: messages, streamed and not, failures and a retry."""
import telemetry
from telemetry import INSTRUMENT, MODELS, call

telemetry.start()
if "openlit" in INSTRUMENT:
    import openlit

    openlit.init(disable_metrics=True)
if "logfire" in INSTRUMENT:
    import logfire

    logfire.configure(send_to_logfire=False)
    logfire.instrument_anthropic()
if "mlflow" in INSTRUMENT:
    import mlflow

    mlflow.anthropic.autolog()
import anthropic  # after the instrumentations, as their documents ask

client = anthropic.Anthropic(base_url=MODELS, max_retries=0)
if "langsmith" in INSTRUMENT:
    from langsmith.wrappers import wrap_anthropic

    client = wrap_anthropic(client)


def message(text="hello", **more):
    return client.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=[{"role": "user", "content": text}], **more)


def streamed_with_helper():
    with client.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=[{"role": "user", "content": "hello"}]) as stream:
        return "".join(stream.text_stream)


def flaky():
    patient = anthropic.Anthropic(base_url=MODELS, max_retries=2)
    return patient.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=[{"role": "user", "content": "FLAKY"}]).id


async def asynchronous():
    async with anthropic.AsyncAnthropic(base_url=MODELS, max_retries=0) as other:
        return (await other.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=[{"role": "user", "content": "hello"}])).id


for _ in range(2):  # one with few and one with many fresh tokens
    call("message", lambda: message().id)
for _ in range(2):
    call("stream", lambda: len(list(message(stream=True))))
for _ in range(2):
    call("stream helper", streamed_with_helper)
for _ in range(2):
    call("async", asynchronous)
call("429", lambda: message("FAIL429"))
call("500", lambda: message("FAIL500"))
call("flaky", flaky)
telemetry.stop()
