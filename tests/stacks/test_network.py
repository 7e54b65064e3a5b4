from __future__ import annotations

import json

import pytest

from tests.stacks.feeding import (
    EXISTING_NETWORK,
    SECRET,
    Fed,
    Resource,
    flat,
    function,
    listed,
    resources,
    stages,
    the,
)

ALL = ("dev", "kept", "there", "secret", "shared")


@pytest.fixture(scope="module")
def dev() -> Fed:
    return stages()["dev"]


def endpoints(fed: Fed) -> dict[str, Resource]:
    """The endpoints by the last word of their service."""
    found = [one["Properties"] for one in resources(fed.network, "AWS::EC2::VPCEndpoint").values()]
    return {flat(one["ServiceName"]).rsplit(".", 1)[1]: one for one in found}


def group_of_functions(fed: Fed) -> str:
    (name,) = (
        name
        for name, one in resources(fed.network, "AWS::EC2::SecurityGroup").items()
        if "Functions" in one["Properties"]["GroupDescription"]
    )
    return name


def test_nothing_leads_out_of_the_vpc(dev: Fed) -> None:
    for kind in ("InternetGateway", "NatGateway", "Route", "EgressOnlyInternetGateway"):
        assert not resources(dev.network, f"AWS::EC2::{kind}")
    subnets = resources(dev.network, "AWS::EC2::Subnet").values()
    assert [one["Properties"]["MapPublicIpOnLaunch"] for one in subnets] == [False, False]
    zones = [json.dumps(one["Properties"]["AvailabilityZone"]) for one in subnets]
    assert len(set(zones)) == 2


def test_flows_of_all_traffic_are_logged(dev: Fed) -> None:
    flow_log = the(dev.network, "AWS::EC2::FlowLog")
    assert flow_log["TrafficType"] == "ALL"
    assert flow_log["LogGroupName"]["Ref"] in resources(dev.network, "AWS::Logs::LogGroup")


@pytest.mark.parametrize("way", ["Ingress", "Egress"])
def test_the_default_group_is_left_without_rules(dev: Fed, way: str) -> None:
    vpc = next(iter(resources(dev.network, "AWS::EC2::VPC")))
    calls = [flat(one["Properties"]["Update"]) for one in calls_of(dev)]
    (call,) = (json.loads(one) for one in calls if f"revokeSecurityGroup{way}" in one)
    assert call["parameters"]["GroupId"] == f"<{vpc}.DefaultSecurityGroup>"
    assert call["parameters"]["IpPermissions"][0]["IpProtocol"] == "-1"


def calls_of(fed: Fed) -> list[Resource]:
    return list(resources(fed.network, "Custom::AWS").values())


@pytest.mark.parametrize("name", ALL)
def test_functions_reach_the_endpoints_and_the_database_only(name: str) -> None:
    fed = stages()[name]
    group = group_of_functions(fed)
    inline = resources(fed.network, "AWS::EC2::SecurityGroup")[group]["Properties"]
    # Without a rule of its own EC2 gives the group one that lets everything out.
    assert [one["CidrIp"] for one in inline["SecurityGroupEgress"]] == ["255.255.255.255/32"]
    rules = [
        one["Properties"]
        for template in fed.all
        for one in resources(template, "AWS::EC2::SecurityGroupEgress").values()
    ]
    assert all(group in flat(rule["GroupId"]) for rule in rules)
    ways = {
        (
            "prefix list" if "DestinationPrefixListId" in rule else "group",
            rule["FromPort"],
            rule["ToPort"],
        )
        for rule in rules
    }
    port = fed.stage.source.port if fed.stage.source else 3306
    assert ways == {("prefix list", 443, 443), ("group", 443, 443), ("group", port, port)}
    assert len(rules) == 3


def test_the_list_of_addresses_is_that_of_s3_in_the_region(dev: Fed) -> None:
    rules = resources(dev.network, "AWS::EC2::SecurityGroupEgress").values()
    (rule,) = (one["Properties"] for one in rules if "DestinationPrefixListId" in one["Properties"])
    made, answer = rule["DestinationPrefixListId"]["Fn::GetAtt"]
    call = json.loads(resources(dev.network, "Custom::AWS")[made]["Properties"]["Create"])
    assert call["action"] == "describeManagedPrefixLists"
    assert call["parameters"]["Filters"][0]["Values"] == ["com.amazonaws.us-east-1.s3"]
    assert answer in call["outputPaths"]


@pytest.mark.parametrize("name", ALL)
def test_the_endpoints_admit_the_functions_only(name: str) -> None:
    fed = stages()[name]
    (rule,) = (
        one["Properties"]
        for one in resources(fed.network, "AWS::EC2::SecurityGroupIngress").values()
    )
    assert rule["SourceSecurityGroupId"]["Fn::GetAtt"][0] == group_of_functions(fed)
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    for one in endpoints(fed).values():
        if one["VpcEndpointType"] == "Interface":
            assert one["SecurityGroupIds"] == [rule["GroupId"]]
    for group in resources(fed.network, "AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]


@pytest.mark.parametrize(
    ("name", "services"),
    [
        ("dev", {"s3", "glue", "secretsmanager"}),
        ("there", {"s3", "glue"}),
        ("secret", {"s3", "glue", "secretsmanager"}),
        ("shared", {"glue", "secretsmanager"}),  # a second one for S3 is refused by AWS
    ],
)
def test_no_endpoint_is_there_that_nobody_calls_or_twice(name: str, services: set[str]) -> None:
    assert set(endpoints(stages()[name])) == services


@pytest.mark.parametrize("name", ALL)
def test_an_endpoint_lets_the_own_account_call_what_is_ours_only(name: str) -> None:
    for service, endpoint in endpoints(stages()[name]).items():
        for one in endpoint["PolicyDocument"]["Statement"]:
            assert all(action.split(":")[1] != "*" for action in listed(one["Action"])), service
            assert all(flat(arn).count(":") >= 1 for arn in listed(one["Resource"])), service
            own = {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
            if "cloudformation" not in flat(one["Resource"]):
                assert one["Condition"] == own


def test_s3_is_open_to_the_raw_bucket_where_the_extract_writes(dev: Fed) -> None:
    statements = endpoints(dev)["s3"]["PolicyDocument"]["Statement"]
    rights = {
        (action, flat(arn).rpartition(">")[2])
        for one in statements
        if "Condition" in one
        for action in listed(one["Action"])
        for arn in listed(one["Resource"])
    }
    folders = ("/blacklist/*", "/control/blacklist/*")
    expected = {(f"s3:{verb}Object", folder) for verb in ("Get", "Put") for folder in folders}
    assert rights == {("s3:ListBucket", ""), *expected}


@pytest.mark.parametrize("name", ALL)
def test_only_the_demo_answers_cloudformation_through_s3(name: str) -> None:
    fed = stages()[name]
    found = endpoints(fed).get("s3", {"PolicyDocument": {"Statement": []}})
    statements = found["PolicyDocument"]["Statement"]
    answers = [one for one in statements if "cloudformation" in flat(one["Resource"])]
    assert len(answers) == (1 if fed.stage.source is None else 0)
    for one in answers:
        assert one["Action"] == "s3:PutObject"
        bucket = "arn:aws:s3:::cloudformation-custom-resource-response-useast1/*"
        assert one["Resource"] == bucket


def test_secrets_manager_gives_out_the_login_of_the_source_only() -> None:
    (of_secret,) = endpoints(stages()["secret"])["secretsmanager"]["PolicyDocument"]["Statement"]
    assert of_secret["Resource"] == SECRET
    (of_demo,) = endpoints(stages()["dev"])["secretsmanager"]["PolicyDocument"]["Statement"]
    assert flat(of_demo["Resource"]).endswith(":secret:rds!db-*")


def test_an_existing_vpc_keeps_the_names_of_aws_for_others() -> None:
    fed = stages()["there"]
    assert not resources(fed.network, "AWS::EC2::VPC")
    found = endpoints(fed)
    assert found["glue"]["PrivateDnsEnabled"] is False
    assert found["s3"]["RouteTableIds"] == list(EXISTING_NETWORK.route_table_ids)
    assert found["glue"]["SubnetIds"] == list(EXISTING_NETWORK.subnet_ids)
    variables = function(fed.ingest, "fraudlake-there-blacklist-extract")["Environment"]
    address = variables["Variables"]["AWS_ENDPOINT_URL_GLUE"]["Fn::Join"][1]
    assert address[0] == "https://"
    assert "DnsEntries" in json.dumps(address)


def test_in_a_vpc_of_our_own_the_names_of_aws_lead_to_the_endpoints(dev: Fed) -> None:
    assert endpoints(dev)["glue"]["PrivateDnsEnabled"] is True
    variables = function(dev.ingest, "fraudlake-dev-blacklist-extract")["Environment"]["Variables"]
    assert not [name for name in variables if name.startswith("AWS_")]
