"""The contract: its schemas, what they say of a document, and whether they keep their own law."""
