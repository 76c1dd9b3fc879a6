"""DSPy: a prediction with OpenAI's model through LiteLLM, and a failure."""
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import telemetry
from telemetry import MODELS, call

telemetry.start()
import dspy

dspy.configure(lm=dspy.LM("openai/gpt-4o", api_base=MODELS + "/v1", api_key="sk-standin", num_retries=0, cache=False))
for _ in range(2):
    call("predict", lambda: dspy.ChainOfThought("question -> answer")(question="hello").answer)
call("400", lambda: dspy.Predict("question -> answer")(question="FAIL400").answer)
telemetry.stop()
