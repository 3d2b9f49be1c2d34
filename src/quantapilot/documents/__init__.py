"""What readers of a contract get: documents made of its schemas and examples, and nothing else."""
