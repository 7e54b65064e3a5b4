"""Fraud scoring that lives in a data lake: rules, reasons and audited runs."""

__version__ = "0.1.0"
