"""Strands: an agent of OpenAI's and of Anthropic's model, with a tool, and a failure."""
import telemetry
from telemetry import AGENT, MODELS, SESSION, USER, call

telemetry.start()
from strands import Agent, tool
from strands.models.anthropic import AnthropicModel
from strands.models.openai import OpenAIModel


def run(model, text):
    agent = Agent(
        model=model, name=AGENT, tools=[tool(telemetry.get_weather)], callback_handler=None,
        trace_attributes={"user.id": USER, "session.id": SESSION},
    )
    return agent(text)


openai = OpenAIModel(client_args={"base_url": MODELS + "/v1", "max_retries": 0}, model_id="gpt-4o")
claude = AnthropicModel(client_args={"base_url": MODELS, "max_retries": 0}, model_id="claude-sonnet-4-5", max_tokens=100)
for model in (openai, claude):
    for _ in range(2):
        call("agent", lambda: run(model, "hello AS-AGENT AS-USER"))
    call("agent with tool", lambda: run(model, "USE-TOOL AS-AGENT AS-USER weather"))
    call("agent 400", lambda: run(model, "FAIL400 AS-AGENT AS-USER"))
telemetry.stop()
