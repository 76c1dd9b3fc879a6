"""LangChain with OpenAI's and Anthropic's models: invoke, stream, responses, embeddings, an agent with a tool."""
import contextlib

import telemetry
from telemetry import AGENT, INSTRUMENT, MODELS, SESSION, USER, call

telemetry.start()
from langchain.agents import create_agent  # after the instrumentations
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

try:
    from langchain_anthropic import ChatAnthropic
except ImportError:
    ChatAnthropic = None

callbacks, metadata, attributed = [], {"user_id": USER, "session_id": SESSION}, contextlib.nullcontext
if "langfuse" in INSTRUMENT:
    import langfuse_client

    callbacks = [langfuse_client.langchain_handler()]
    metadata = {"langfuse_user_id": USER, "langfuse_session_id": SESSION}
if any(name.startswith("openinference") for name in INSTRUMENT):
    from openinference.instrumentation import using_attributes

    attributed = lambda: using_attributes(user_id=USER, session_id=SESSION)


def chat(model="gpt-4o", **more):
    return ChatOpenAI(model=model, base_url=MODELS + "/v1", **{"max_retries": 0, **more})


def claude():
    return ChatAnthropic(model="claude-sonnet-4-5", base_url=MODELS, max_retries=0)


settings = {"callbacks": callbacks}


def agent(model):
    with attributed():
        made = create_agent(model, [tool(telemetry.get_weather)], name=AGENT)
        state = made.invoke({"messages": [("user", "USE-TOOL AS-AGENT AS-USER weather")]}, config={**settings, "metadata": metadata})
        return state["messages"][-1].content


call("invoke", lambda: chat().invoke("hello", config=settings).content)
call("stream", lambda: len(list(chat(stream_usage=True).stream("hello", config=settings))))
call("responses", lambda: chat("gpt-5-mini", use_responses_api=True).invoke("hello", config=settings).content)
call("embeddings", lambda: len(OpenAIEmbeddings(model="text-embedding-3-small", base_url=MODELS + "/v1", check_embedding_ctx_length=False).embed_query("x")))
call("429", lambda: chat().invoke("FAIL429", config=settings).content)
call("flaky", lambda: chat(max_retries=2).invoke("FLAKY", config=settings).content)
call("agent", lambda: agent(chat()))
if ChatAnthropic:
    for _ in range(2):
        call("claude", lambda: claude().invoke("hello", config=settings).content)
    for _ in range(2):
        call("claude stream", lambda: len(list(claude().stream("hello", config=settings))))
    call("claude 429", lambda: claude().invoke("FAIL429", config=settings).content)
    call("claude agent", lambda: agent(claude()))
telemetry.stop()
