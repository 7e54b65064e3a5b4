"""The command line: arguments in, one call, tables out. Exit codes: 0 done, 2 bad input, 1 a fault.

Nothing that needs Spark or pandas is imported before a command that runs it.
"""

from __future__ import annotations

import sys
import traceback
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from fraudlake import __version__
from fraudlake.cli_local import local_app
from fraudlake.errors import FraudlakeError, InputError, RunError, SettingsError
from fraudlake.options import date_option, examples

_INTERRUPTED = 130  # what Typer makes of Ctrl-C

app = typer.Typer(
    name="fraudlake",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)
rules_app = typer.Typer(help="Check and show rule files.", no_args_is_help=True)
fx_app = typer.Typer(help="Currency rates.", no_args_is_help=True)
app.add_typer(rules_app, name="rules")
app.add_typer(local_app, name="local")
app.add_typer(fx_app, name="fx")


RulesFile = Annotated[
    Path | None, typer.Option("--rules", help="Rule file; without it the default rules.")
]
RulesArgument = Annotated[Path | None, typer.Argument(help="Rule file (YAML).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs to stdout.")]
Master = Annotated[str, typer.Option(envvar="FRAUDLAKE_MASTER", help="Spark master.")]
Memory = Annotated[
    int | None,
    typer.Option(
        "--memory-mb", envvar="FRAUDLAKE_MEMORY_MB", help="Heap of Spark in MiB.", min=512
    ),
]


@app.callback(invoke_without_command=True)
def fraudlake(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Fraud scoring that lives in a data lake: rules, reasons and audited runs."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command(
    epilog=examples(
        "fraudlake score --transactions in/transactions --customers in/customers "
        "--blacklist in/blacklist --fx in/fx_rates --out lake --batch-date 2025-01-06",
        "fraudlake score ... --from 2025-01-01 --to 2025-01-31 --rules my.yaml --json > runs.json",
    )
)
def score(
    *,
    transactions: Annotated[
        str, typer.Option(help="Transactions: CSV or Parquet, by ingest_date.")
    ],
    customers: Annotated[str, typer.Option(help="Customers: current state, or by snapshot_date.")],
    blacklist: Annotated[str, typer.Option(help="Blacklist: current state, or by snapshot_date.")],
    fx: Annotated[str, typer.Option(help="Rates: rate_date, currency, usd_per_unit.")],
    out: Annotated[str, typer.Option(help="Folder for the tables and the manifests.")],
    rules: RulesFile = None,
    batch_date: Annotated[
        date | None, date_option("--batch-date", "The one date to score.")
    ] = None,
    first: Annotated[date | None, date_option("--from", "First date of a backfill.")] = None,
    last: Annotated[date | None, date_option("--to", "Last date of a backfill.")] = None,
    as_json: AsJson = False,
    master: Master = "local[*]",
    memory: Memory = None,
) -> None:
    """Score the transactions of one batch date, or of every date from --from to --to."""
    from fraudlake.local_run import LocalRun, batch_span, score_locally
    from fraudlake.places import place_named
    from fraudlake.screen import print_result
    from fraudlake.sources import InputPaths

    span = batch_span(batch_date, first, last)
    paths = InputPaths(*map(place_named, (transactions, customers, blacklist, fx)))
    lake = place_named(out)
    run = LocalRun(paths=paths, out=lake, rules=rules, master=master, memory_mb=memory)
    result = score_locally(run, *span, is_backfill=batch_date is None)
    print_result(result, run.out, as_json=as_json)


@app.command(epilog=examples("fraudlake demo", "fraudlake demo --out /data/demo --nights 5"))
def demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder for all that the demo leaves.")] = Path(
        "fraudlake-demo"
    ),
    transactions: Annotated[int, typer.Option(help="Sample transactions.", min=1500)] = 20_000,
    nights: Annotated[int, typer.Option(help="Nights, a day of them each.", min=1, max=60)] = 2,
    spark_ui: Annotated[bool, typer.Option("--spark-ui", help="Serve Spark's pages.")] = False,
) -> None:
    """Play nights of the deployed system on this machine, from the synthesized template."""
    from fraudlake.local.demo import DemoPlan, run_demo

    plan = DemoPlan(folder=out, transactions=transactions, nights=nights, spark_ui=spark_ui)
    if not run_demo(plan):
        raise RunError("a night went wrong; what failed and why is told above")


@app.command(
    "sample-data",
    epilog=examples(
        "fraudlake sample-data --out sample",
        "fraudlake sample-data --out big --transactions 1000000 --customers 50000 --days 30",
    ),
)
def sample_data(
    *,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    transactions: Annotated[int, typer.Option(help="How many transactions in all.")] = 100_000,
    customers: Annotated[int, typer.Option(help="How many customers.")] = 5_000,
    days: Annotated[int, typer.Option(help="How many days, one batch each.")] = 7,
    first_date: Annotated[date, date_option("--first-date", "The first of them.")] = date(
        2025, 1, 6
    ),
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    file_format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    as_json: AsJson = False,
) -> None:
    """Write transactions, customers, blacklist and rates, and the truth of every planted row."""
    from fraudlake.progress import counting
    from fraudlake.sample_data import SamplePlan, write_sample_data
    from fraudlake.screen import print_sample

    if file_format not in ("csv", "parquet"):
        raise SettingsError(f"--format {file_format} is not known; write csv or parquet")
    plan = SamplePlan(
        transactions=transactions,
        customers=customers,
        days=days,
        first_date=first_date,
        seed=seed,
        format="csv" if file_format == "csv" else "parquet",
    )
    with counting() as progress:
        summary = write_sample_data(out, plan, progress)
    print_sample(summary, out, as_json=as_json)


@rules_app.command("check", epilog=examples("fraudlake rules check my-rules.yaml"))
def rules_check(
    file: Annotated[Path, typer.Argument(help="Rule file (YAML).")], *, as_json: AsJson = False
) -> None:
    """Validate a rule file: every problem at once, with its line."""
    from fraudlake.local_run import checked_rules
    from fraudlake.screen import print_check

    print_check(checked_rules(file), file, as_json=as_json)


@rules_app.command("show", epilog=examples("fraudlake rules show", "fraudlake rules show my.yaml"))
def rules_show(file: RulesArgument = None, *, as_json: AsJson = False) -> None:
    """Show the rules of a file, or the default ones, as a table."""
    from fraudlake.rules.file import read_rule_file
    from fraudlake.screen import print_rules

    print_rules(read_rule_file(file), as_json=as_json)


@fx_app.command(
    "import-ecb",
    epilog=examples(
        "fraudlake fx import-ecb eurofxref-hist.zip --out lake-input/fx_rates",
        "fraudlake fx import-ecb eurofxref-hist.csv.gz --out fx_rates --from 2025-01-01",
    ),
)
def import_ecb(
    file: Annotated[Path, typer.Argument(help="The ECB's own file: CSV, gzip or zip.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder of fx_rates: one file a year.")],
    first: Annotated[date | None, date_option("--from", "First rate date to keep.")] = None,
    last: Annotated[date | None, date_option("--to", "Last rate date to keep.")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn the ECB's euro reference rates into fx_rates (USD for one unit)."""
    from fraudlake.ecb import import_rates
    from fraudlake.screen import print_import

    print_import(import_rates(file, out, first, last), out, as_json=as_json)


def main() -> None:
    """Run the command line; errors become one message and an exit code."""
    try:
        app()
    except FraudlakeError as error:
        _say(error.problems)
        sys.exit(error.exit_code)
    except SystemExit as ending:
        if ending.code == _INTERRUPTED:
            _say(["interrupted; the runs that committed stay, nothing else happened"])
        raise
    except Exception as error:  # noqa: BLE001 - the one place where a fault becomes a message
        sys.exit(_fault(error))


def _fault(error: Exception) -> int:
    from fraudlake.local_run import DEBUG_VARIABLE, is_debugging
    from fraudlake.spark_errors import corrupt_file, root_cause

    path = corrupt_file(str(error))
    if is_debugging():
        traceback.print_exception(error)
    if path is not None:
        _say([f"{path} cannot be read, it is damaged; deliver it again"])
        return InputError.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        _say([f"{error.filename}: {error.strerror}; check the path, its rights and the disk"])
        return SettingsError.exit_code
    advice = f"nothing more was committed; {DEBUG_VARIABLE}=1 shows where it happened"
    _say([f"a fault in fraudlake: {type(error).__name__}: {root_cause(str(error))}", advice])
    return FraudlakeError.exit_code


def _say(problems: list[str]) -> None:
    for problem in problems:
        print(f"fraudlake: {problem}", file=sys.stderr)
