"""The proof by destruction: emitters are killed and receivers fail, and nothing is lost."""
