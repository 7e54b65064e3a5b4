"""The deployed system, stack by stack: `cdk deploy --all -c stage=dev`."""

from stacks.analytics import AnalyticsStack
from stacks.checks import checked_app
from stacks.ingest import IngestStack
from stacks.lake import LakeStack
from stacks.monitoring import MonitoringStack
from stacks.network import NetworkStack
from stacks.scoring import ScoringStack
from stacks.source import SourceStack
from stacks.stage import Stage

app = checked_app()
stage = Stage.from_context(app.node)

lake = LakeStack(app, stage)
network = NetworkStack(app, stage, lake=lake)
source = SourceStack(app, stage, network=network)
ingest = IngestStack(app, stage, lake=lake, network=network, source=source)
scoring = ScoringStack(app, stage, lake=lake, ingest=ingest)
AnalyticsStack(app, stage, lake=lake)
MonitoringStack(app, stage, lake=lake, ingest=ingest, scoring=scoring)

app.synth()
