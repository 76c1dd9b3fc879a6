"""Agno: an agent of OpenAI's and of Anthropic's model for a user in a session, streamed, with a tool, and a failure."""
import telemetry
from telemetry import AGENT, MODELS, SESSION, USER, call

telemetry.start()
from agno.agent import Agent
from agno.models.anthropic import Claude
from agno.models.openai import OpenAIChat


def agent(model):
    return Agent(name=AGENT, model=model, tools=[telemetry.get_weather], telemetry=False)


def run(model, text):
    return agent(model).run(text, user_id=USER, session_id=SESSION).content


def stream(model):
    return len(list(agent(model).run("hello AS-AGENT AS-USER", stream=True, user_id=USER, session_id=SESSION)))


openai = lambda: OpenAIChat(id="gpt-4o", base_url=MODELS + "/v1", max_retries=0)
claude = lambda: Claude(id="claude-sonnet-4-5", client_params={"base_url": MODELS, "max_retries": 0}, api_key="sk-ant-standin")
for model in (openai, claude):
    call("run", lambda: run(model(), "hello AS-AGENT AS-USER"))
    call("run again", lambda: run(model(), "hello AS-AGENT AS-USER"))
    call("stream", lambda: stream(model()))
    call("tool", lambda: run(model(), "USE-TOOL AS-AGENT AS-USER weather"))
    call("400", lambda: run(model(), "FAIL400 AS-AGENT AS-USER"))
telemetry.stop()
