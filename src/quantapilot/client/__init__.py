"""The gateway as a client sees it: what `qp run` and `qp status` are made of."""
