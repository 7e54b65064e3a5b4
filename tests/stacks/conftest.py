"""Chooses the Node.js of the packages before any test imports the CDK."""

import stacks  # noqa: F401 - for what its import does
