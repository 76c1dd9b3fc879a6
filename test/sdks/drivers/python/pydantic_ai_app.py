"""Pydantic AI with Logfire's instrumentation: an agent of OpenAI, Anthropic and Gemini, run and streamed, with a tool."""
import asyncio
import os

import logfire

import telemetry
from telemetry import AGENT, MODELS, SESSION, USER, call

logfire.configure(send_to_logfire=False)
logfire.instrument_pydantic_ai()
if "logfire-openai" in telemetry.INSTRUMENT:
    logfire.instrument_openai()
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
import anthropic
import openai


def models():
    client = openai.AsyncOpenAI(base_url=MODELS + "/v1", api_key="sk-standin", max_retries=0)
    claude = anthropic.AsyncAnthropic(base_url=MODELS, api_key="sk-standin", max_retries=0)
    yield OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client))
    yield OpenAIResponsesModel("gpt-5-mini", provider=OpenAIProvider(openai_client=client))
    yield AnthropicModel("claude-sonnet-4-5", provider=AnthropicProvider(anthropic_client=claude))
    yield GoogleModel("gemini-2.5-flash", provider=GoogleProvider(api_key="standin", base_url=MODELS))


async def streamed(agent):
    async with agent.run_stream("hello AS-AGENT AS-USER") as result:
        return await result.get_output()


async def main():
    for model in models():
        agent = Agent(model, name=AGENT, tools=[telemetry.get_weather])
        for what, do in {
            "run": lambda: agent.run("hello AS-AGENT AS-USER"),
            "run with tool": lambda: agent.run("USE-TOOL AS-AGENT AS-USER weather"),
            "stream": lambda: streamed(agent),
            "failing": lambda: agent.run("FAIL400 AS-AGENT AS-USER"),
        }.items():
            try:
                with logfire.set_baggage(**{"user.id": USER, "session.id": SESSION}):
                    await do()
                print(what, "ok")
            except Exception as error:
                print(what, type(error).__name__, str(error)[:300])


asyncio.run(main())
logfire.force_flush()
logfire.shutdown()
