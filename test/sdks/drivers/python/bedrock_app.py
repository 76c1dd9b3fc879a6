"""Amazon Bedrock through boto3: Converse and InvokeModel of Anthropic's model, streamed and not, Nova, failures."""
import json

import telemetry
from telemetry import MODELS, call

telemetry.start()
import boto3
from botocore.config import Config

CLAUDE, NOVA = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-lite-v1:0"
client = boto3.client("bedrock-runtime", endpoint_url=MODELS, config=Config(retries={"max_attempts": 0}))


def converse(text="hello", model=CLAUDE):
    return client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": text}]}])


def converse_stream():
    return len(list(client.converse_stream(modelId=CLAUDE, messages=[{"role": "user", "content": [{"text": "hello"}]}])["stream"]))


body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]})


def invoke():
    return json.loads(client.invoke_model(modelId=CLAUDE, body=body)["body"].read())["id"]


def invoke_stream():
    return len(list(client.invoke_model_with_response_stream(modelId=CLAUDE, body=body)["body"]))


for do in (converse, converse_stream, invoke, invoke_stream):
    for _ in range(2):  # one with few and one with many fresh tokens
        call(do.__name__, do)
call("nova", lambda: converse(model=NOVA))
call("429", lambda: converse("FAIL429"))
call("400", lambda: converse("FAIL400"))
telemetry.stop()
