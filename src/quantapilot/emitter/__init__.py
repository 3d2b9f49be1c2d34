"""Events on their way out: checked, stored, delivered."""
