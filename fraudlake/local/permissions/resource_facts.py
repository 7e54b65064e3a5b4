"""What a judge of permissions must know of a deployment's resources: ARNs, and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fraudlake.local.intrinsics import ACCOUNT

if TYPE_CHECKING:
    from fraudlake.local.deployment import Deployment, Resource


@dataclass(frozen=True)
class BucketKey:
    """The key that a bucket encrypts new objects with, and whether it keeps a key of its own.

    With one (`BucketKeyEnabled`), KMS is told the bucket instead of the object.
    """

    arn: str
    is_per_bucket: bool


@dataclass(frozen=True)
class ResourceFacts:
    """Facts about the resources of a deployment's templates."""

    deployment: Deployment

    @property
    def region(self) -> str:
        """The region that everything is in."""
        return self.deployment.region

    def arn(self, service: str, path: str) -> str:
        """An ARN in the deployment's account and region."""
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{path}"

    def bucket_key(self, bucket: str) -> BucketKey | None:
        """The key of a bucket; None where S3 encrypts with keys that need no permission."""
        found = self._found("AWS::S3::Bucket", bucket)
        rules = _at(found, "BucketEncryption", "ServerSideEncryptionConfiguration") or [{}]
        default = rules[0].get("ServerSideEncryptionByDefault", {})
        if "KMSMasterKeyID" not in default:
            return None
        is_per_bucket = rules[0].get("BucketKeyEnabled") is True
        return BucketKey(self.key_arn(default["KMSMasterKeyID"]), is_per_bucket)

    def key_arn(self, named: str) -> str:
        """The ARN of a key that is named by its id, its alias or an ARN of either."""
        name = named.rsplit(":", 1)[-1]
        if name.startswith("alias/"):
            return self._behind_alias(name)
        return self.arn("kms", f"key/{name.removeprefix('key/')}")

    def topic_key(self, arn: str) -> str | None:
        """The key that a topic's messages are encrypted with; None without one."""
        named = _at(self._found("AWS::SNS::Topic", arn.rsplit(":", 1)[-1]), "KmsMasterKeyId")
        return self.key_arn(named) if named else None

    def queue_key(self, arn: str) -> str | None:
        """The key that a queue's messages are encrypted with; None without one."""
        named = _at(self._found("AWS::SQS::Queue", arn.rsplit(":", 1)[-1]), "KmsMasterKeyId")
        return self.key_arn(named) if named else None

    def secret(self, named: str) -> tuple[str, str | None]:
        """The ARN of a secret, named by ARN or name, and the key that encrypts it."""
        for one in self.deployment.resources("AWS::SecretsManager::Secret"):
            if named in (one.arn, one.name):
                key = one.properties.get("KmsKeyId")
                return one.arn, self.key_arn(key) if key else None
        for one in self.deployment.resources("AWS::RDS::DBInstance"):
            if f"rds!db-{one.name}-" in named or f"rds!db-{one.stack}-" in named:
                key = _at(one, "MasterUserSecret", "KmsKeyId")
                return named, self.key_arn(key) if key else None
        arn = named if named.startswith("arn:") else self.arn("secretsmanager", f"secret:{named}")
        return arn, None

    def workgroup(self) -> str:
        """The workgroup that a query is of when its call does not say: the deployment's only one.

        Athena checks the one that the execution belongs to.
        """
        found = self.deployment.resources("AWS::Athena::WorkGroup")
        return found[0].name if len(found) == 1 else "*"

    def _behind_alias(self, alias: str) -> str:
        for one in self.deployment.resources("AWS::KMS::Alias"):
            if one.properties["AliasName"] == alias:
                return self.key_arn(str(one.properties["TargetKeyId"]))
        return self.arn("kms", alias)

    def _found(self, kind: str, name: str) -> Resource | None:
        try:
            return self.deployment.find(kind, name)
        except KeyError:
            return None


def _at(resource: Resource | None, *names: str) -> Any:  # noqa: ANN401 - any JSON of a template
    """What stands in a resource's properties at a path; None when there is nothing."""
    found: Any = resource.properties if resource else {}
    for name in names:
        found = found.get(name, {}) if isinstance(found, dict) else {}
    return found or None
