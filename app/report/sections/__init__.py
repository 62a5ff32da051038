"""The sections of the report, each from what the chain has stored."""
