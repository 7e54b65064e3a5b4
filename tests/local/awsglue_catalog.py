"""A small catalog with its objects on a moto server, for scripts that read it as a Glue job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fraudlake.local.actors import Actors

BUCKET = "probed"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
JSON = "org.openx.data.jsonserde.JsonSerDe"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
TEXT = {"payment_id": "string", "customer_id": "string", "amount": "string", "note": "string"}
NIGHTS = ("2025-01-30", "2025-01-31")

# Quotes doubled and escaped, a separator in quotes, a lone backslash, an empty field, a short line.
PAYMENTS = {
    "2025-01-30": (
        b"\xef\xbb\xbfpayment_id,customer_id,amount,note\r\n"
        b'p1,c1,12.50,"Smith, ""Al"" & co"\r\n'
        b'p2,c2,9.99,"a \\"b\\", c\\\\d \\e"\r\n'
        b"p3,,7,\r\n"
        b"\r\n"
    ),
    "2025-01-31": b"payment_id,customer_id,amount,note\np4,c1,100\np5,c3,x,one,two\n",
    # In S3, but no partition of the catalog.
    "2025-02-01": b"payment_id,customer_id,amount,note\np6,c1,1,unseen\n",
}


def build(actors: Actors) -> None:
    """Make the bucket, its objects, the database and the tables."""
    Build(actors).everything()


class Build:
    """Makes tables and what they name."""

    def __init__(self, actors: Actors) -> None:
        self.s3, self.glue = actors.client("s3"), actors.client("glue")

    def everything(self) -> None:
        place = {"LocationConstraint": self.s3.meta.region_name}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        self.glue.create_database(DatabaseInput={"Name": "raw"})
        self._payments()
        self._others()
        self._shapes()

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def table(
        self,
        name: str,
        columns: Mapping[str, str],
        *,
        serde: str = CSV,
        keys: Sequence[str] = ("batch_date",),
    ) -> None:
        self.glue.create_table(
            DatabaseName="raw",
            TableInput={
                "Name": name,
                "PartitionKeys": [{"Name": one, "Type": "string"} for one in keys],
                "StorageDescriptor": storage(name, columns, serde),
                "Parameters": {"skip.header.line.count": "1"} if serde == CSV else {},
            },
        )

    def partition(self, table: str, values: Sequence[str], storage: Mapping[str, Any]) -> None:
        self.glue.create_partition(
            DatabaseName="raw",
            TableName=table,
            PartitionInput={"Values": list(values), "StorageDescriptor": storage},
        )

    def _payments(self) -> None:
        self.table("payments", TEXT)
        for night, content in PAYMENTS.items():
            self.put(f"payments/batch_date={night}/part-0.csv", content)
        for night in (*NIGHTS, "2025-02-02"):  # the last has no folder in S3
            self.partition("payments", [night], storage(f"payments/batch_date={night}", TEXT, CSV))

    def _others(self) -> None:
        self.table("rates", {"currency": "string", "rate": "double"}, keys=())
        self.put("rates/2024.csv", b"currency,rate\nEUR,1.1\n")
        self.put("rates/2025.csv", b"currency,rate\nCHF,\n")
        self.put("rates/_hidden.csv", b"currency,rate\nXXX,9\n")
        self.table("scored", {"id": "bigint", "customer_id": "string"}, serde=PARQUET)
        place = "scored/batch_date=2025-01-31"
        columns = {"id": "bigint", "customer_id": "string"}
        self.partition("scored", ["2025-01-31"], storage(place, columns, PARQUET))
        self.table("thrift", TEXT, serde="org.apache.hadoop.hive.serde2.thrift.ThriftDeserializer")
        self.partition("thrift", ["x"], storage("thrift", TEXT, "org.apache.thrift"))

    def _shapes(self) -> None:
        self.table("headers", TEXT)
        self.put("headers/batch_date=a/one.csv", b"payment_id,customer_id,amount,note\n")
        self.partition("headers", ["a"], storage("headers/batch_date=a", TEXT, CSV))
        self.table("gone", TEXT)
        self.partition("gone", ["a"], storage("gone/batch_date=a", TEXT, CSV))
        self.table("odd", {"a": "string"})
        self.put("elsewhere/[x]/one.csv", b"a\n1\n")
        self.partition("odd", ["y/z"], storage("elsewhere/[x]", {"a": "string"}, CSV))
        self.put("odd/batch_date=p%2Fq/one.csv", b"a\n2\n")
        self.partition("odd", ["p/q"], storage("odd/batch_date=p%2Fq", {"a": "string"}, CSV))
        self.table("deep", {"a": "string"}, keys=("year", "month"))
        self.put("deep/year=2025/month=01/one.csv", b"a\n3\n")
        place = "deep/year=2025/month=01"
        self.partition("deep", ["2025", "01"], storage(place, {"a": "string"}, CSV))
        notes = {"run_id": "string", "settings": "string", "counts": "map<string,bigint>"}
        self.table("notes", notes, serde=JSON)
        line = b'{"run_id": "r", "settings": {"a": 1}, "counts": {"R1": 2}, "more": 0}\n'
        self.put("notes/batch_date=a/one.json", line)
        self.partition("notes", ["a"], storage("notes/batch_date=a", notes, JSON))
        self.table("mixed", {"id": "string", "code": "string"})
        for night, kind, code in (("a", "string", "x7"), ("b", "bigint", "7")):
            self.put(f"mixed/batch_date={night}/one.csv", f"id,code\n{night},{code}\n".encode())
            columns = {"id": "string", "code": kind}
            self.partition("mixed", [night], storage(f"mixed/batch_date={night}", columns, CSV))


def storage(place: str, columns: Mapping[str, str], serde: str) -> dict[str, Any]:
    """A storage descriptor as the catalog keeps it."""
    parameters = {"separatorChar": ",", "quoteChar": '"', "escapeChar": "\\"}
    return {
        "Location": f"s3://{BUCKET}/{place}/",
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
        "SerdeInfo": {
            "SerializationLibrary": serde,
            "Parameters": parameters if serde == CSV else {},
        },
    }
