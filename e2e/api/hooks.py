"""JSON lines, and a key of its own for each request."""

import json
import uuid

import schemathesis

JSON_LINES = (
    "application/jsonl",
    "application/ndjson",
    "application/x-jsonlines",
    "application/x-ndjson",
)


@schemathesis.serializer(*JSON_LINES)
def json_lines(ctx, value):
    return {"data": json.dumps(value).encode()}


@schemathesis.deserializer(*JSON_LINES)
def first_line(ctx, response):
    return json.loads(response.text.splitlines()[0])


@schemathesis.hook
def before_call(ctx, case, kwargs):
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
