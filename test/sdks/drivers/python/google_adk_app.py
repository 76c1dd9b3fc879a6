"""Google ADK: an agent of Gemini for a user in a session, with a tool, and a failure."""
import telemetry
from telemetry import AGENT, MODELS, SESSION, USER

telemetry.start()
import asyncio
import os

os.environ["GOOGLE_GENAI_USE_VERTEXAI"] = "False"
from google.adk.agents import LlmAgent
from google.adk.models.google_llm import Gemini
from google.adk.runners import InMemoryRunner
from google.genai import types


async def main():
    model = Gemini(model="gemini-2.5-flash", base_url=MODELS)
    agent = LlmAgent(name=AGENT, model=model, instruction="You know the weather.", tools=[telemetry.get_weather])
    runner = InMemoryRunner(agent=agent, app_name="weather")
    await runner.session_service.create_session(app_name="weather", user_id=USER, session_id=SESSION)
    for text in ("hello AS-AGENT AS-USER", "USE-TOOL AS-AGENT AS-USER weather", "FAIL400 AS-AGENT AS-USER"):
        try:
            message = types.Content(role="user", parts=[types.Part(text=text)])
            async for event in runner.run_async(user_id=USER, session_id=SESSION, new_message=message):
                pass
            print(text, "ok")
        except Exception as error:
            print(text, type(error).__name__, str(error)[:300])


asyncio.run(main())
telemetry.stop()
