"""QuantaPilot contract toolkit: keeps personal data out of events and log lines."""

__version__ = "0.1.0"
