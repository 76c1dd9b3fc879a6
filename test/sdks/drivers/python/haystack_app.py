"""Haystack: a pipeline with OpenAI's chat generator, streamed and not, and a failure."""
import telemetry
from telemetry import MODELS, call

telemetry.start()
from haystack import Pipeline
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage


def run(text, **more):
    pipeline = Pipeline()
    pipeline.add_component("llm", OpenAIChatGenerator(model="gpt-4o", api_base_url=MODELS + "/v1", max_retries=0, **more))
    return pipeline.run({"llm": {"messages": [ChatMessage.from_user(text)]}})["llm"]["replies"][0].text


call("run", lambda: run("hello"))
call("run again", lambda: run("hello"))
call("stream", lambda: run("hello", streaming_callback=lambda chunk: None, generation_kwargs={"stream_options": {"include_usage": True}}))
call("400", lambda: run("FAIL400"))
telemetry.stop()
