"""Adoption: what an existing repository needs so that nothing new gets in; `qp init` writes it."""
