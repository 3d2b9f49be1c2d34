"""The relay: events from the outbox to the sinks, each sink at its own pace."""
