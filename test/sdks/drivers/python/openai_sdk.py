"""OpenAI's SDK: chat and responses, streamed and not, embeddings, an image, failures and a retry."""
import telemetry
from telemetry import INSTRUMENT, MODELS, call

telemetry.start()
if "openlit" in INSTRUMENT:
    import openlit

    openlit.init(disable_metrics=True)
if "langfuse" in INSTRUMENT:
    import langfuse_client

    openai = langfuse_client.openai()
else:
    import openai
if "logfire" in INSTRUMENT:
    import logfire

    logfire.configure(send_to_logfire=False)
    logfire.instrument_openai()
if "mlflow" in INSTRUMENT:
    import mlflow

    mlflow.openai.autolog()

client = openai.OpenAI(base_url=MODELS + "/v1", max_retries=0)
if "langsmith" in INSTRUMENT:
    from langsmith.wrappers import wrap_openai

    client = wrap_openai(client)
hello = [{"role": "user", "content": "hello"}]
failing = [{"role": "user", "content": "FAIL429"}]


def chat(model="gpt-4o", messages=hello, **more):
    return client.chat.completions.create(model=model, messages=messages, **more)


def flaky():
    patient = client.with_options(max_retries=2)
    return patient.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "FLAKY"}]).id


def streamed_with_helper():
    with client.chat.completions.stream(model="gpt-4o", messages=hello, stream_options={"include_usage": True}) as stream:
        return len(list(stream))


async def asynchronous():
    async with openai.AsyncOpenAI(base_url=MODELS + "/v1", max_retries=0) as other:
        return (await other.chat.completions.create(model="gpt-4o-mini", messages=hello)).id


def main():
    call("chat", lambda: chat().id)
    call("chat with reasoning", lambda: chat("gpt-5-mini").id)
    call("chat stream", lambda: len(list(chat(stream=True, stream_options={"include_usage": True}))))
    call("chat stream helper", streamed_with_helper)
    call("chat async", asynchronous)
    call("responses", lambda: client.responses.create(model="gpt-5-mini", input="hello").id)
    call("responses stream", lambda: len(list(client.responses.create(model="gpt-5-mini", input="hello", stream=True))))
    call("embeddings", lambda: client.embeddings.create(model="text-embedding-3-small", input="x").model)
    call("image", lambda: client.images.generate(model="dall-e-3", prompt="a sun", size="1024x1024").created)
    call("chat 429", lambda: chat(messages=failing))
    call("responses 500", lambda: client.responses.create(model="gpt-5-mini", input="FAIL500"))
    call("flaky", flaky)


if "langfuse" in INSTRUMENT:
    langfuse_client.run(main)
else:
    main()
telemetry.stop()
