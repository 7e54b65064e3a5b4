"""What is there already and is used instead of being made: a VPC, a MySQL database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fraudlake.rules.form import Form


@dataclass(frozen=True, kw_only=True)
class ExistingNetwork:
    """A VPC that is there already: its ids, subnets and their route tables, one a zone."""

    vpc_id: str
    availability_zones: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    route_table_ids: tuple[str, ...]

    @classmethod
    def read(cls, form: Form) -> ExistingNetwork:
        """Read `network` of a stage, problems kept in the form."""
        network = cls(
            vpc_id=form.text("vpc_id"),
            availability_zones=form.texts("availability_zones"),
            subnet_ids=form.texts("subnet_ids"),
            route_table_ids=form.texts("route_table_ids"),
        )
        form.refuse_unread()
        zones, tables = network.availability_zones, network.route_table_ids
        if not len(zones) == len(network.subnet_ids) == len(tables) > 0:
            form.report((), "needs one subnet and one route table for each availability zone")
        return network


@dataclass(frozen=True, kw_only=True)
class ExistingSource:
    """A MySQL database that is there already, and how the extract logs in.

    With `auth` `iam` the extract is `user`, and `resource_id` (DbiResourceId) is what it may
    connect to; with `secret` the login is that of `secret_arn`.
    """

    host: str
    port: int
    database: str
    security_group_id: str
    auth: str
    user: str
    resource_id: str
    secret_arn: str

    @classmethod
    def read(cls, form: Form) -> ExistingSource:
        """Read `source` of a stage, problems kept in the form."""
        auth = form.choice("auth", ("iam", "secret"))
        source = cls(
            host=form.text("host"),
            port=form.integer("port", 1, 65535) if form.has("port") else 3306,
            database=form.text("database"),
            security_group_id=form.text("security_group_id"),
            auth=auth,
            user=form.text("user") if auth == "iam" else "",
            resource_id=form.text("resource_id") if auth == "iam" else "",
            secret_arn=form.text("secret_arn") if auth == "secret" else "",
        )
        form.refuse_unread()
        return source
