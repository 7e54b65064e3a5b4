"""Time and memory of the function in its own process; `--extract-rows` makes the table larger."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.lambdas.blacklist_extract.processes import caller

if TYPE_CHECKING:
    import pytest

    from tests.lambdas.blacklist_extract.deployed import Deployed
    from tests.lambdas.blacklist_extract.processes import Ended

SECONDS_PER_10_000_ROWS = 5
PEAK_MB = 512
# Every kind of work: names of other scripts, dates of all forms, mixed case, long reasons.
ROWS = """
    INSERT INTO src_blacklist (blacklist_id, customer_id, full_name, email, phone, date_of_birth,
                               reason, source, listed_at, expires_at)
    SELECT concat('BL', seq),
           if(seq % 3 = 0, concat('C', seq), NULL),
           concat(elt(1 + seq % 5, 'Ana Lima', 'José Müller', 'Łukasz Żółć', '김민준', 'محمد'),
                  ' ', md5(seq)),
           concat('User.', seq, '@Example.com'),
           concat('+49 30 ', seq),
           date_format(date_add('1950-01-01', INTERVAL seq % 20000 DAY),
                       elt(1 + seq % 4, '%Y-%m-%d', '%d/%m/%Y', '%d.%m.%Y', '%Y%m%d')),
           'on a list of sanctions',
           'internal',
           date_format(date_add('2015-01-01', INTERVAL seq % 3000 DAY), '%Y-%m-%d %H:%i:%s'),
           if(seq % 2, '0000-00-00', NULL)
    FROM seq_1_to_"""


def test_a_large_table_takes_little_memory_and_time(
    deployed_over_http: Deployed, pytestconfig: pytest.Config
) -> None:
    rows = pytestconfig.getoption("extract_rows")
    seconds, ended = measured_call(deployed_over_http, rows)
    print(f"{rows} rows: {seconds:.1f} s, {ended.peak_mb} MB at most")  # noqa: T201
    assert ended.status == 0
    assert ended.peak_mb < PEAK_MB
    assert seconds < SECONDS_PER_10_000_ROWS * rows / 10_000


def test_memory_does_not_grow_with_the_table(deployed_over_http: Deployed) -> None:
    _, small = measured_call(deployed_over_http, 12_000)  # a full chunk, and another
    deployed_over_http.end_crawl()
    _, large = measured_call(deployed_over_http, 60_000)
    assert large.peak_mb - small.peak_mb < 20


def measured_call(deployed: Deployed, rows: int) -> tuple[float, Ended]:
    """Seconds, the start of Python included, and end of a call that reads so many rows."""
    deployed.mysql.run("TRUNCATE src_blacklist", f"{ROWS}{rows}", database=deployed.database)
    with caller() as calls:
        began = time.monotonic()
        ended = calls.call()
        return time.monotonic() - began, ended
