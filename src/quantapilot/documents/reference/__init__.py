"""The reference: a contract told to those who integrate, as a page and as Markdown."""
