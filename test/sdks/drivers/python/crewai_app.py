"""CrewAI: a crew of one agent with OpenAI's model."""
import os

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_DISABLE_TRACKING="true", LITELLM_LOCAL_MODEL_COST_MAP="True")
import telemetry
from telemetry import AGENT, MODELS, call

telemetry.start()
from crewai import LLM, Agent, Crew, Task


def run(text):
    llm = LLM(model="openai/gpt-4o", base_url=MODELS + "/v1", api_key="sk-standin")
    agent = Agent(role=AGENT, goal="know the weather", backstory="a meteorologist", llm=llm, verbose=False)
    return Crew(agents=[agent], tasks=[Task(description=text, expected_output="the weather", agent=agent)], verbose=False).kickoff().raw


call("crew", lambda: run("hello AS-AGENT"))
call("crew again", lambda: run("hello AS-AGENT"))
telemetry.stop()
