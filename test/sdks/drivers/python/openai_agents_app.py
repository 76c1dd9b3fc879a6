"""OpenAI's Agents SDK over responses and chat completions: run, a tool, a stream, a failure."""
import asyncio

import telemetry
from telemetry import AGENT, INSTRUMENT, MODELS

telemetry.start()
if "logfire" in INSTRUMENT:
    import logfire

    logfire.configure(send_to_logfire=False)
    logfire.instrument_openai_agents()
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool
from openai import AsyncOpenAI


async def main():
    client = AsyncOpenAI(base_url=MODELS + "/v1", max_retries=0)
    for model in (OpenAIResponsesModel("gpt-5-mini", client), OpenAIChatCompletionsModel("gpt-4o", client)):
        agent = Agent(name=AGENT, instructions="You know the weather.", tools=[function_tool(telemetry.get_weather)], model=model)
        for text in ("hello AS-AGENT", "USE-TOOL AS-AGENT weather", "FAIL429 AS-AGENT"):
            try:
                print(text, (await Runner.run(agent, text)).final_output)
            except Exception as error:
                print(text, type(error).__name__, str(error)[:300])
        try:
            result = Runner.run_streamed(agent, "hello AS-AGENT")
            async for _ in result.stream_events():
                pass
            print("stream", result.final_output)
        except Exception as error:
            print("stream", type(error).__name__, str(error)[:300])


asyncio.run(main())
telemetry.stop()
