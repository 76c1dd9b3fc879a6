"""smolagents: an agent that calls tools with OpenAI's model, and a failure."""
import telemetry
from telemetry import AGENT, MODELS, call

telemetry.start()
from smolagents import OpenAIServerModel, ToolCallingAgent, tool

get_weather = tool(telemetry.get_weather)


def run(text, stream=False):
    model = OpenAIServerModel(model_id="gpt-4o", api_base=MODELS + "/v1", api_key="sk-standin", client_kwargs={"max_retries": 0})
    agent = ToolCallingAgent(tools=[get_weather], model=model, name=AGENT, max_steps=4, verbosity_level=0, stream_outputs=stream)
    return agent.run(text)


call("run", lambda: run("hello AS-AGENT"))
call("tool", lambda: run("USE-TOOL weather AS-AGENT"))
call("stream", lambda: run("hello AS-AGENT", stream=True))
call("400", lambda: run("FAIL400 AS-AGENT"))
telemetry.stop()
