"""The CDK application with the checks that every synth makes."""

from __future__ import annotations

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks


def checked_app() -> cdk.App:
    """An app whose synth fails on every finding of cdk-nag that nobody has given a reason for."""
    app = cdk.App()
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    cdk.Tags.of(app).add("project", "fraudlake")
    return app
