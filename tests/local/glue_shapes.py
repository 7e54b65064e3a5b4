"""Holds answers against the shapes of Glue's API, as botocore knows them."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
from botocore.parsers import create_parser

GLUE = botocore.session.get_session().get_service_model("glue")


def parsed(operation: str, answer: Any) -> Any:  # noqa: ANN401 - any answer
    """The answer as boto3 would give it; every name in it must be one of the API's."""
    shape = GLUE.operation_model(operation).output_shape
    assert_known(shape, answer, operation)
    response = {"status_code": 200, "headers": {}, "body": json.dumps(answer).encode()}
    assert shape is not None
    return create_parser("json").parse(response, shape)


def assert_known(shape: Any, value: Any, path: str) -> None:  # noqa: ANN401 - botocore's shapes
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), path
        for name, one in value.items():
            assert_known(shape.members[name], one, f"{path}.{name}")
    elif shape.type_name == "list":
        for one in value:
            assert_known(shape.member, one, path)
    elif shape.type_name == "map":
        assert all(isinstance(one, str) for one in (*value, *value.values())), path
    elif shape.type_name == "string":
        assert isinstance(value, str), path
        assert not shape.enum or value in shape.enum, path
    elif shape.type_name != "boolean":
        assert isinstance(value, int | float), path
