"""What the drivers share: the OpenTelemetry SDK, the instrumentations by name, and the calls.

The runner sets MODELS (the stand-in model server), INSTRUMENT (names of INSTRUMENTATIONS, with commas)
and the OTEL_* variables."""
import asyncio
import importlib
import os

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

MODELS = os.environ["MODELS"]
INSTRUMENT = [name for name in os.environ.get("INSTRUMENT", "").split(",") if name]
AGENT, USER, SESSION = "weather_agent", "user-4711", "session-0815"

OFFICIAL, OPENLLMETRY, OPENINFERENCE = "opentelemetry.instrumentation.genai.", "opentelemetry.instrumentation.", "openinference.instrumentation."
INSTRUMENTATIONS = {
    "official-openai": (OFFICIAL + "openai", "OpenAIInstrumentor"),
    "official-anthropic": (OFFICIAL + "anthropic", "AnthropicInstrumentor"),
    "official-langchain": (OFFICIAL + "langchain", "LangChainInstrumentor"),
    "official-bedrock": (OFFICIAL + "bedrock", "BedrockInstrumentor"),
    "official-openai-agents": (OFFICIAL + "openai_agents", "OpenAIAgentsInstrumentor"),
    "official-google": ("opentelemetry.instrumentation.google_genai", "GoogleGenAiSdkInstrumentor"),
    "official-botocore": ("opentelemetry.instrumentation.botocore", "BotocoreInstrumentor"),
    "official-agno": (OFFICIAL + "agno", "AgnoInstrumentor"),
    "official-smolagents": (OFFICIAL + "smolagents", "SmolagentsInstrumentor"),
    "official-dspy": (OFFICIAL + "dspy", "DSPyInstrumentor"),
    "official-llama-index": (OFFICIAL + "llama_index", "LlamaIndexInstrumentor"),
    "openllmetry-openai": (OPENLLMETRY + "openai", "OpenAIInstrumentor"),
    "openllmetry-anthropic": (OPENLLMETRY + "anthropic", "AnthropicInstrumentor"),
    "openllmetry-langchain": (OPENLLMETRY + "langchain", "LangchainInstrumentor"),
    "openllmetry-bedrock": (OPENLLMETRY + "bedrock", "BedrockInstrumentor"),
    "openllmetry-google": (OPENLLMETRY + "google_generativeai", "GoogleGenerativeAiInstrumentor"),
    "openllmetry-mistral": (OPENLLMETRY + "mistralai", "MistralAiInstrumentor"),
    "openllmetry-cohere": (OPENLLMETRY + "cohere", "CohereInstrumentor"),
    "openllmetry-ollama": (OPENLLMETRY + "ollama", "OllamaInstrumentor"),
    "openllmetry-openai-agents": (OPENLLMETRY + "openai_agents", "OpenAIAgentsInstrumentor"),
    "openllmetry-llama-index": (OPENLLMETRY + "llamaindex", "LlamaIndexInstrumentor"),
    "openllmetry-haystack": (OPENLLMETRY + "haystack", "HaystackInstrumentor"),
    "openllmetry-crewai": (OPENLLMETRY + "crewai", "CrewAIInstrumentor"),
    "openllmetry-agno": (OPENLLMETRY + "agno", "AgnoInstrumentor"),
    "openinference-openai": (OPENINFERENCE + "openai", "OpenAIInstrumentor"),
    "openinference-anthropic": (OPENINFERENCE + "anthropic", "AnthropicInstrumentor"),
    "openinference-langchain": (OPENINFERENCE + "langchain", "LangChainInstrumentor"),
    "openinference-bedrock": (OPENINFERENCE + "bedrock", "BedrockInstrumentor"),
    "openinference-google": (OPENINFERENCE + "google_genai", "GoogleGenAIInstrumentor"),
    "openinference-mistral": (OPENINFERENCE + "mistralai", "MistralAIInstrumentor"),
    "openinference-cohere": (OPENINFERENCE + "cohere", "CohereInstrumentor"),
    "openinference-ollama": (OPENINFERENCE + "ollama", "OllamaInstrumentor"),
    "openinference-openai-agents": (OPENINFERENCE + "openai_agents", "OpenAIAgentsInstrumentor"),
    "openinference-litellm": (OPENINFERENCE + "litellm", "LiteLLMInstrumentor"),
    "openinference-llama-index": (OPENINFERENCE + "llama_index", "LlamaIndexInstrumentor"),
    "openinference-haystack": (OPENINFERENCE + "haystack", "HaystackInstrumentor"),
    "openinference-smolagents": (OPENINFERENCE + "smolagents", "SmolagentsInstrumentor"),
    "openinference-dspy": (OPENINFERENCE + "dspy", "DSPyInstrumentor"),
    "openinference-crewai": (OPENINFERENCE + "crewai", "CrewAIInstrumentor"),
    "openinference-agno": (OPENINFERENCE + "agno", "AgnoInstrumentor"),
    "openinference-google-adk": (OPENINFERENCE + "google_adk", "GoogleADKInstrumentor"),
}

_traces = _metrics = _logs = None


def start():
    """Sets the global providers, and switches on what INSTRUMENT names as far as it is listed here."""
    global _traces, _metrics, _logs
    _traces = TracerProvider()
    _traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(_traces)
    _metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
    metrics.set_meter_provider(_metrics)
    _logs = LoggerProvider()
    _logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(_logs)
    for name in INSTRUMENT:
        if name in INSTRUMENTATIONS:
            module, instrumentor = INSTRUMENTATIONS[name]
            getattr(importlib.import_module(module), instrumentor)().instrument()
    return _traces


def call(what, do):
    """Makes a call; one that fails, as some are meant to, does not end the driver."""
    try:
        result = do()
        if asyncio.iscoroutine(result):
            result = asyncio.run(result)
        print(what, "ok", str(result)[:100].replace("\n", " "), flush=True)
    except Exception as error:
        print(what, type(error).__name__, str(error)[:300].replace("\n", " "), flush=True)


def get_weather(city: str) -> str:
    """Returns the weather of a city.

    Args:
        city: the name of the city
    """
    return "sunny"


def stop():
    """Sends what is left."""
    for provider in (_traces, _metrics, _logs):
        if provider is not None:
            provider.force_flush()
            provider.shutdown()
