"""What src_blacklist may hold, through a real database: as text, and as columns of other types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lambdas.blacklist_extract.deployed import read_csv, snapshot_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fraudlake.local.mysql.server import PrivateMariaDB
    from tests.lambdas.blacklist_extract.deployed import Deployed, Row

HEADER = (
    "blacklist_id,customer_id,full_name,email,phone,date_of_birth,reason,source,listed_at,"
    "expires_at"
)
LAST_OF_DECEMBER = [
    "2024-12-31",
    " 2024-12-31\t",
    "2024-12-31T23:59:59",
    "2024-12-31 23:59",
    "2024-12-31 23:59:59.999999",
    "2024-12-31T23:59:59.999999999Z",
    "2024-12-31 22:00:00-01:59",
    "2025-01-01T01:00:00+01:01",
    "2025-01-01T01:00+0200",
    "2025-01-01 17:59+18",
    "31/12/2024",
    "31-12-2024",
    "31.12.2024",
    "20241231",
    "31 Dec 2024",
    "31 DEC 2024",
    "31\u2003dec\u00a02024",
    "\uff13\uff11/12/2024",
]
NO_DATES = [
    "0000-00-00",
    "0000-00-00 00:00:00",
    "2024-02-30",
    "12/31/2024",
    "31/12/24",
    "2024/12/31",
    "20241301",
    "31 Dez 2024",
    "31 December 2024",
    "1735603200",
    "2024-12-31T24:00",
    "until further notice",
]
MISSING = ["", " ", "N/A", "n/a", "NA", "NULL", "null", "None", "UNKNOWN", "-", " - ", "\\", None]
TYPED_TABLE = """
    CREATE TABLE src_blacklist (
        blacklist_id BIGINT, customer_id INT, full_name VARCHAR(99) CHARACTER SET latin1,
        email VARBINARY(99), phone BIGINT UNSIGNED, date_of_birth DATE, reason BLOB,
        source ENUM('list', 'hand'), listed_at TIMESTAMP NULL, expires_at DATETIME(6)
    )
"""


def cleaned(deployed: Deployed, column: str, raw: Sequence[str | None]) -> list[str | None]:
    """What comes out of one column for each of the values."""
    someone = {"full_name": "Ana Lima"} if column == "customer_id" else {"customer_id": "C1"}
    deployed.insert(*({"blacklist_id": i, **someone, column: raw[i]} for i in range(len(raw))))
    deployed.call()
    by_id = {row["blacklist_id"]: row[column] for row in deployed.entries()}
    return [by_id[str(i)] for i in range(len(raw))]


def typed_table(deployed: Deployed, *rows: str) -> list[Row]:
    """The entries of a table of other types, filled by a session that lets everything pass."""
    deployed.mysql.run(
        "SET SESSION sql_mode = '', time_zone = '+05:45'",
        "DROP TABLE src_blacklist",
        TYPED_TABLE,
        *(f"INSERT INTO src_blacklist VALUES ({row})" for row in rows),  # noqa: S608 - literals
        database=deployed.database,
    )
    deployed.call()
    return deployed.entries()


@pytest.fixture
def server_in_nepal(mysql: PrivateMariaDB) -> Iterator[None]:
    """New connections are five hours and three quarters ahead of UTC."""
    mysql.run("SET GLOBAL time_zone = '+05:45'")
    yield
    mysql.run("SET GLOBAL time_zone = 'SYSTEM'")


def test_every_form_of_a_date_is_read(deployed: Deployed) -> None:
    dates = cleaned(deployed, "listed_at", LAST_OF_DECEMBER)
    assert dict(zip(LAST_OF_DECEMBER, dates, strict=True)) == dict.fromkeys(
        LAST_OF_DECEMBER, "2024-12-31"
    )


def test_what_is_no_date_is_missing(deployed: Deployed) -> None:
    assert set(cleaned(deployed, "expires_at", NO_DATES + MISSING)) == {None}


def test_what_stands_for_nothing_is_missing_from_every_column(deployed: Deployed) -> None:
    columns = HEADER.split(",")[3:]
    deployed.insert(
        *({"customer_id": "C1", **dict.fromkeys(columns, absent)} for absent in MISSING)
    )
    deployed.call()
    found = {(row["reason"], *(row[one] for one in columns)) for row in deployed.entries()}
    blank = [None if one != "reason" else "unspecified" for one in columns]
    assert found == {("unspecified", *blank)}


@pytest.mark.parametrize("column", ["customer_id", "full_name"])
def test_texts_of_all_kinds_come_through(deployed: Deployed, column: str) -> None:
    raw = {
        "  Ana \t\u2003 Lima\u00a0": "Ana Lima",
        "\u05d3\u05d5\u05d3 \u05db\u05d4\u05df": "\u05d3\u05d5\u05d3 \u05db\u05d4\u05df",
        "\u202b\u0645\u062d\u0645\u062f\u202c": "\u202b\u0645\u062d\u0645\u062f\u202c",
        "\U00020bb7\u91ce \U0001f47b": "\U00020bb7\u91ce \U0001f47b",
        "\U0001d400na": "Ana",
        "\uff21na \ufb01": "Ana fi",
        "Jose\u0301": "Jos\u00e9",
        "Ana\x00Lima": "Ana Lima",
        'Ana "the cat" Lima': 'Ana "the cat" Lima',
        '"': '"',
        "Lima, Ana": "Lima, Ana",
        "O'Neil; -- x": "O'Neil; -- x",
        "Ana\nLima": "Ana Lima",
        "Ana\r\nLima\r": "Ana Lima",
        "Ana\u2028Lima\x85": "Ana Lima",
        "C:\\Ana\\": "C: Ana",
        "\\N": "N",
        "NaN": "NaN",
        "00042": "00042",
        "1e5": "1e5",
        "=cmd()": "=cmd()",
        "\ufeffAna": "\ufeffAna",
    }
    found = cleaned(deployed, column, list(raw))
    assert dict(zip(raw, found, strict=True)) == raw


def test_emails_are_lower_case_and_phones_are_digits(deployed: Deployed) -> None:
    deployed.insert(
        {"blacklist_id": "B1", "email": " Ana.LIMA@Example.COM\n", "phone": "+49 (30) 123-456"},
        {"blacklist_id": "B2", "email": "\u00c4@X", "phone": "0049 30 123456"},
        {"blacklist_id": "B3", "email": "x@y", "phone": "111 1111"},
        {"blacklist_id": "B4", "email": "x@y", "phone": "123456"},
    )
    deployed.call()
    assert [(row["email"], row["phone"]) for row in deployed.entries()] == [
        ("ana.lima@example.com", "+4930123456"),
        ("\u00e4@x", "004930123456"),
        ("x@y", None),
        ("x@y", None),
    ]


def test_the_longest_text_comes_through_on_one_line(deployed: Deployed) -> None:
    reason = "a\n\U0001f47b," * 9_000
    assert cleaned(deployed, "reason", [reason]) == [reason.replace("\n", " ")]
    assert deployed.text(snapshot_key()).count("\n") == 2


def test_the_first_line_is_the_header_though_every_column_is_text(deployed: Deployed) -> None:
    deployed.insert({"customer_id": "C1"}, {"full_name": "Ana Lima", "reason": "stolen card"})
    deployed.call()
    assert deployed.text(snapshot_key()).splitlines() == [
        HEADER,
        ",C1,,,,,unspecified,,,",
        ",,Ana Lima,,,,stolen card,,,",
    ]


def test_columns_of_other_types_are_read_as_what_mysql_shows(
    deployed: Deployed, server_in_nepal: None
) -> None:
    rows = typed_table(
        deployed,
        "7, 42, 'Jos\u00e9', 'ANA@X', 4930123456, '1960-02-29', 'stolen', 'hand', "
        "'2025-01-01 05:44:59', '2026-12-31 23:59:59.999999'",
    )
    assert rows == [
        {
            "blacklist_id": "7",
            "customer_id": "42",
            "full_name": "Jos\u00e9",
            "email": "ana@x",
            "phone": "4930123456",
            "date_of_birth": "1960-02-29",
            "reason": "stolen",
            "source": "hand",
            "listed_at": "2024-12-31",
            "expires_at": "2026-12-31",
        }
    ]


def test_dates_of_zeros_in_typed_columns_are_missing_and_counted(deployed: Deployed) -> None:
    zero, later = "'0000-00-00'", "'2024-00-15'"
    rows = typed_table(
        deployed,
        f"1, 42, NULL, NULL, NULL, {zero}, NULL, NULL, {zero}, {zero}",
        f"2, 42, NULL, NULL, NULL, {later}, NULL, NULL, NULL, NULL",
    )
    dates = [(row["date_of_birth"], row["listed_at"], row["expires_at"]) for row in rows]
    assert dates == [(None, None, None)] * 2
    manifest = deployed.call()["manifest"]
    assert manifest["dates_unparsed"] == {"date_of_birth": 2, "listed_at": 1, "expires_at": 1}


def test_binary_columns_are_utf_8_and_the_rest_of_them_is_marked(deployed: Deployed) -> None:
    rows = typed_table(
        deployed,
        "1, 42, NULL, X'C3A440580000', NULL, NULL, X'C3A92C0D0A22', NULL, NULL, NULL",
        "2, 42, NULL, X'E440', NULL, NULL, X'', NULL, NULL, NULL",
    )
    found = [(row["email"], row["reason"]) for row in rows]
    assert found == [("\u00e4@x", '\u00e9, "'), ("\ufffd@", "unspecified")]


def test_null_everywhere_is_a_reject_of_null_everywhere(deployed: Deployed) -> None:
    typed_table(deployed, "NULL" + ", NULL" * 9, "1, 42" + ", NULL" * 8)
    manifest = deployed.call()["manifest"]
    [reject] = read_csv(deployed.text(manifest["rejects_key"]))
    assert {name for name, value in reject.items() if value} == {"reject_reason"}
