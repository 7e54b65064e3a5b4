"""What is there already and is used instead of being made: a VPC, a MySQL database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class ExistingNetwork:
    """A VPC that is there already: its ids, subnets and their route tables, one a zone.

    With `has_s3_endpoint` the subnets have a way to S3 of their own: none is added to the route
    tables, which need not be named then.
    """

    vpc_id: str
    availability_zones: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    route_table_ids: tuple[str, ...]
    has_s3_endpoint: bool = False

    @classmethod
    def read(cls, form: Form, *, region: str) -> ExistingNetwork:
        """Read `network` of a stage, problems kept in the form."""
        has_s3_endpoint = form.flag("has_s3_endpoint") if form.has("has_s3_endpoint") else False
        names_tables = form.has("route_table_ids") or not has_s3_endpoint
        network = cls(
            vpc_id=form.text("vpc_id"),
            availability_zones=form.texts("availability_zones"),
            subnet_ids=form.texts("subnet_ids"),
            route_table_ids=form.texts("route_table_ids") if names_tables else (),
            has_s3_endpoint=has_s3_endpoint,
        )
        form.refuse_unread()
        network._check_zones(form, region)
        return network

    def _check_zones(self, form: Form, region: str) -> None:
        zones, tables = self.availability_zones, self.route_table_ids
        if not len(zones) == len(self.subnet_ids) > 0 or len(tables) not in self._tables_wanted:
            form.report((), "needs one subnet and one route table for each availability zone")
        for zone in zones:
            if not re.fullmatch(rf"{re.escape(region)}[a-z]", zone):
                problem = f"{zone!r} is no zone of the stage's region, such as {region}a; "
                form.report(("availability_zones",), f"{problem}take the VPC's zones by name")
        if len(set(zones)) < len(zones):
            problem = f"found {', '.join(zones)}: an endpoint takes one subnet of a zone; "
            form.report(("availability_zones",), f"{problem}name each zone once")

    @property
    def _tables_wanted(self) -> tuple[int, ...]:
        all_zones = len(self.availability_zones)
        return (0, all_zones) if self.has_s3_endpoint else (all_zones,)


@dataclass(frozen=True, kw_only=True)
class ExistingSource:
    """A MySQL database that is there already, and how the extract logs in.

    With `auth` `iam` the extract is `user`, and `resource_id` (DbiResourceId) is what it may
    connect to; with `secret` the login is that of `secret_arn`, which `secret_key_arn` encrypts
    if it is a key of one's own.
    """

    host: str
    port: int
    database: str
    security_group_id: str
    auth: str
    user: str
    resource_id: str
    secret_arn: str
    secret_key_arn: str = ""

    @classmethod
    def read(cls, form: Form, *, region: str) -> ExistingSource:
        """Read `source` of a stage, problems kept in the form."""
        auth = form.choice("auth", ("iam", "secret"))
        has_key = auth == "secret" and form.has("secret_key_arn")
        source = cls(
            host=form.text("host"),
            port=form.integer("port", 1, 65535) if form.has("port") else 3306,
            database=form.text("database"),
            security_group_id=form.text("security_group_id"),
            auth=auth,
            user=form.text("user") if auth == "iam" else "",
            resource_id=form.text("resource_id") if auth == "iam" else "",
            secret_arn=form.text("secret_arn") if auth == "secret" else "",
            secret_key_arn=form.text("secret_key_arn") if has_key else "",
        )
        form.refuse_unread()
        source._check_arns(form, region)
        return source

    def _check_arns(self, form: Form, region: str) -> None:
        here = f"{re.escape(region)}:[0-9]{{12}}"
        # The name of a secret ends with six characters of Secrets Manager's own.
        secret = rf"arn:aws[a-z-]*:secretsmanager:{here}:secret:\S+-[A-Za-z0-9]{{6}}"
        key = rf"arn:aws[a-z-]*:kms:{here}:key/[A-Za-z0-9-]+"
        for field, pattern, what in (
            ("secret_arn", secret, "a secret, whole, with the six characters at its end"),
            ("secret_key_arn", key, "a key, of which an alias is none"),
        ):
            value = getattr(self, field)
            if value and not re.fullmatch(pattern, value):
                expected = f"the ARN of {what}, in the region {region}"
                form.report((field,), f"expected {expected}, found {value!r}")
