"""Google's genai SDK: generate and stream, with thoughts and cached tokens, async, a chat with a tool, failures."""
import telemetry
from telemetry import INSTRUMENT, MODELS, call

telemetry.start()
if "openlit" in INSTRUMENT:
    import openlit

    openlit.init(disable_metrics=True)
if "logfire" in INSTRUMENT:
    import logfire

    logfire.configure(send_to_logfire=False)
    logfire.instrument_google_genai()
from google import genai
from google.genai import types

client = genai.Client(api_key="standin", http_options=types.HttpOptions(base_url=MODELS))
MODEL = "gemini-2.5-flash"


def generate(text="hello"):
    return client.models.generate_content(model=MODEL, contents=text).text


def stream():
    return len(list(client.models.generate_content_stream(model=MODEL, contents="hello")))


async def asynchronous():
    return (await client.aio.models.generate_content(model=MODEL, contents="hello")).text


async def asynchronous_stream():
    return len([chunk async for chunk in await client.aio.models.generate_content_stream(model=MODEL, contents="hello")])


def with_tool():
    config = types.GenerateContentConfig(tools=[telemetry.get_weather])
    return client.models.generate_content(model=MODEL, contents="USE-TOOL weather", config=config).text


call("generate", generate)
call("stream", stream)
call("async", asynchronous)
call("async stream", asynchronous_stream)
call("with tool", with_tool)
call("429", lambda: generate("FAIL429"))
call("400", lambda: generate("FAIL400"))
telemetry.stop()
