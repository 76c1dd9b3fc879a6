"""Microsoft Agent Framework: an agent over chat completions and responses, streamed, with a tool, and a failure."""
import telemetry
from telemetry import AGENT, MODELS

telemetry.start()
import asyncio

from agent_framework import Agent
from agent_framework.observability import enable_instrumentation
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
from openai import AsyncOpenAI

enable_instrumentation()


async def main():
    openai = AsyncOpenAI(base_url=MODELS + "/v1", max_retries=0)
    for client in (OpenAIChatCompletionClient("gpt-4o", async_client=openai), OpenAIChatClient("gpt-5-mini", async_client=openai)):
        agent = Agent(client, instructions="You know the weather.", name=AGENT, tools=[telemetry.get_weather])
        for text in ("hello AS-AGENT", "USE-TOOL AS-AGENT weather", "FAIL429 AS-AGENT"):
            try:
                print(text, (await agent.run(text)).text)
            except Exception as error:
                print(text, type(error).__name__, str(error)[:300])
        try:
            async for _ in agent.run("hello AS-AGENT", stream=True):
                pass
            print("stream ok")
        except Exception as error:
            print("stream", type(error).__name__, str(error)[:300])


asyncio.run(main())
telemetry.stop()
