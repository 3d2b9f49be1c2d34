"""Guards for logs: no line leaves the process unrendered and unchecked."""
