"""The gate: documents x contract x detector -> findings."""
