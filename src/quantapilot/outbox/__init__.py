"""The outbox: accepted events on the disk until they are delivered."""
