"""Semantic Kernel: an agent and chat completions of OpenAI, streamed, with a tool, and a failure."""
import os

os.environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS"] = "true"
import telemetry
from telemetry import AGENT, MODELS

telemetry.start()
import asyncio

from openai import AsyncOpenAI
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.functions import kernel_function


class Weather:
    @kernel_function(name="get_weather", description="the weather of a city")
    def get_weather(self, city: str) -> str:
        return "sunny"


async def main():
    client = AsyncOpenAI(base_url=MODELS + "/v1", max_retries=0)
    service = OpenAIChatCompletion(ai_model_id="gpt-4o", async_client=client)
    agent = ChatCompletionAgent(service=service, name=AGENT, instructions="You know the weather.", plugins=[Weather()])
    for text in ("hello AS-AGENT", "USE-TOOL AS-AGENT weather", "FAIL429 AS-AGENT"):
        try:
            print(text, await agent.get_response(messages=text))
        except Exception as error:
            print(text, type(error).__name__, str(error)[:300])
    async for _ in agent.invoke_stream(messages="hello AS-AGENT"):
        pass


asyncio.run(main())
telemetry.stop()
