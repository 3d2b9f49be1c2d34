"""The gateway's client: runs are started, looked at and followed from the command line."""
