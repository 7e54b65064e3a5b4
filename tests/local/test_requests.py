from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from fraudlake.local.api.requests import Environ, call_of, signature_of
from fraudlake.local.calls import Call, CallError

ROLES = {"KEY": "reader"}
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


def request(  # noqa: PLR0913 - a request has that many parts
    method: str,
    uri: str,
    *,
    service: str = "s3",
    body: bytes = b"",
    content_type: str | None = None,
    headers: dict[str, str] | None = None,
) -> Environ:
    """A request as the server hands it over, `uri` as it was sent."""
    signed = f"AWS4-HMAC-SHA256 Credential=KEY/20260102/us-east-1/{service}/aws4_request, X=y"
    given = Headers({"Authorization": signed, **(headers or {})})
    built = EnvironBuilder(
        uri, method=method, data=body or None, content_type=content_type, headers=given
    )
    return {**built.get_environ(), "RAW_URI": uri}


def call(environ: Environ) -> Call:
    return call_of(environ, signature_of(environ), ROLES)


def target(name: str, body: object, service: str) -> Environ:
    written = json.dumps(body).encode()
    return request("POST", "/", service=service, body=written, headers={"X-Amz-Target": name})


@pytest.mark.parametrize(
    ("method", "uri", "operation"),
    [
        ("GET", "/lake?list-type=2&prefix=a%2F", "ListObjectsV2"),
        ("GET", "/lake/?prefix=a%2F", "ListObjects"),
        ("GET", "/lake?location", "GetBucketLocation"),
        ("GET", "/lake?uploads", "ListMultipartUploads"),
        ("GET", "/lake?versions", "ListObjectVersions"),
        ("HEAD", "/lake", "HeadBucket"),
        ("GET", "/", "ListBuckets"),
        ("GET", "/lake/a", "GetObject"),
        ("GET", "/lake/a?uploadId=1", "ListParts"),
        ("HEAD", "/lake/a", "HeadObject"),
        ("PUT", "/lake/a", "PutObject"),
        ("PUT", "/lake/a?partNumber=1&uploadId=1", "UploadPart"),
        ("POST", "/lake/a?uploads", "CreateMultipartUpload"),
        ("POST", "/lake/a?uploadId=1", "CompleteMultipartUpload"),
        ("DELETE", "/lake/a?uploadId=1", "AbortMultipartUpload"),
        ("DELETE", "/lake/a", "DeleteObject"),
    ],
)
def test_operations_of_s3_are_told_apart_by_method_path_and_query(
    method: str, uri: str, operation: str
) -> None:
    found = call(request(method, uri))

    assert (found.role, found.service, found.operation) == ("reader", "s3", operation)


def test_a_key_may_have_any_signs() -> None:
    found = call(request("GET", "/lake/snapshot_date%3D2025/%C3%A4%20b%2Bc%25/"))

    assert found.parameters["Key"] == "snapshot_date=2025/ä b+c%/"


def test_queries_and_headers_become_parameters() -> None:
    listing = call(request("GET", "/lake?list-type=2&prefix=a%2Fb&delimiter=%2F&max-keys=5"))
    headers = {"x-amz-server-side-encryption": "AES256", "x-amz-acl": "private"}
    put = call(request("PUT", "/lake/a", headers=headers))
    copy = call(request("PUT", "/lake/a", headers={"x-amz-copy-source": "/other/b"}))

    assert {"Prefix": "a/b", "Delimiter": "/", "MaxKeys": 5}.items() <= listing.parameters.items()
    assert put.parameters["ServerSideEncryption"] == "AES256"
    assert put.parameters["ACL"] == "private"
    assert (copy.operation, copy.parameters["CopySource"]) == ("CopyObject", "/other/b")


class Untouchable(io.BytesIO):
    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")


def test_the_body_of_an_object_is_not_read() -> None:
    environ = request("PUT", "/lake/a", body=b"x" * 9, content_type="text/csv")
    form = request("PUT", "/lake/a", content_type="application/x-www-form-urlencoded")
    for one in (environ, form):
        one["wsgi.input"] = Untouchable()

        assert call(one).operation == "PutObject"


def test_a_deletion_of_several_objects_names_them_and_keeps_its_body() -> None:
    body = (
        b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<Object><Key>a/b</Key></Object><Object><Key>c</Key><VersionId>1</VersionId></Object>"
        b"</Delete>"
    )
    environ = request("POST", "/lake?delete", body=body, content_type="application/xml")

    found = call(environ)

    assert found.parameters["Delete"]["Objects"] == [{"Key": "a/b"}, {"Key": "c", "VersionId": "1"}]
    assert environ["wsgi.input"].read() == body


@pytest.mark.parametrize(
    ("name", "signs_as", "service", "operation"),
    [
        ("AWSGlue.GetTable", "glue", "glue", "GetTable"),
        ("Logs_20140328.PutLogEvents", "logs", "logs", "PutLogEvents"),
        (
            "GraniteServiceVersion20100801.PutMetricData",
            "monitoring",
            "cloudwatch",
            "PutMetricData",
        ),
        ("AmazonAthena.StartQueryExecution", "athena", "athena", "StartQueryExecution"),
    ],
)
def test_json_calls_are_named_by_their_target(
    name: str, signs_as: str, service: str, operation: str
) -> None:
    environ = target(name, {"Name": "ä"}, signs_as)

    found = call(environ)

    assert (found.service, found.operation) == (service, operation)
    assert found.parameters == {"Name": "ä"}
    assert json.loads(environ["wsgi.input"].read()) == {"Name": "ä"}


def form_of(service: str, **fields: str) -> Environ:
    content_type = "application/x-www-form-urlencoded; charset=utf-8"
    body = urlencode(fields).encode()
    return request("POST", "/", service=service, body=body, content_type=content_type)


def test_form_calls_are_named_by_their_action_and_keep_their_body() -> None:
    environ = form_of("sns", Action="Publish", Version="2010-03-31", TopicArn="t", Message="a b")

    found = call(environ)

    assert (found.service, found.operation) == ("sns", "Publish")
    assert found.parameters == {"TopicArn": "t", "Message": "a b"}
    assert b"Message=a+b" in environ["wsgi.input"].read()


def test_the_older_form_of_metrics_is_understood() -> None:
    fields = {"Namespace": "fraudlake", "MetricData.member.1.MetricName": "runs"}
    found = call(form_of("monitoring", Action="PutMetricData", Version="2010-08-01", **fields))

    assert (found.service, found.parameters["Namespace"]) == ("cloudwatch", "fraudlake")


@pytest.mark.parametrize("name", ["f", ARN.replace(":", "%3A")])
def test_a_function_is_invoked_by_name_or_arn_with_its_payload(name: str) -> None:
    uri = f"/2015-03-31/functions/{name}/invocations"
    headers = {"X-Amz-Invocation-Type": "Event"}
    found = call(request("POST", uri, service="lambda", body=b'{"a":1}', headers=headers))

    assert (found.service, found.operation) == ("lambda", "Invoke")
    assert found.parameters["FunctionName"] in ("f", ARN)
    assert found.parameters["Payload"] == b'{"a":1}'
    assert found.parameters["InvocationType"] == "Event"


def test_a_body_in_chunks_is_put_together() -> None:
    environ = target("AWSGlue.GetTable", {"Name": "x"}, "glue")
    del environ["CONTENT_LENGTH"]
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"

    assert call(environ).parameters == {"Name": "x"}
    assert environ["CONTENT_LENGTH"] == "13"


def refused(environ: dict[str, Any]) -> CallError:
    with pytest.raises(CallError) as raised:
        call(environ)
    return raised.value


def test_a_request_that_nobody_signed_is_refused() -> None:
    presigned = "/lake/a?X-Amz-Credential=KEY%2F20260102%2Fus-east-1%2Fs3%2Faws4_request"

    error = refused(request("GET", presigned, headers={"Authorization": ""}))

    assert (error.code, error.status) == ("MissingAuthenticationToken", 403)


def test_an_access_key_of_nobody_is_refused() -> None:
    environ = request("GET", "/lake/a")

    with pytest.raises(CallError) as raised:
        call_of(environ, signature_of(environ), {})

    assert (raised.value.code, raised.value.status) == ("InvalidAccessKeyId", 403)


@pytest.mark.parametrize(
    "environ",
    [
        request("PATCH", "/lake/a"),
        request("GET", "/lake?list-type=2&max-keys=many"),
        request("POST", "/lake?delete", body=b"<Delete>", content_type="application/xml"),
        request("GET", "/nothing/here", service="lambda"),
        request("POST", "/", service="sns"),
        request("POST", "/", service="no-such-service"),
    ],
)
def test_what_is_no_operation_or_makes_none_of_its_parameters_is_refused(environ: Environ) -> None:
    assert refused(environ).code == "UnknownOperationException"


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    headers = {"X-Amz-Target": "AWSGlue.GetTable"}

    error = refused(request("POST", "/", service="glue", body=body, headers=headers))

    assert error.code == "SerializationException"
