"""The hard rule, in the words that every rendering begins with, and where it is most at risk."""

RULE = "No personal data, in any field."
BECAUSE = (
    "Every field has a data class. It says what may stand there, and what is searched for in it; "
    "what the contract does not describe is refused."
)
FREE_TEXT = "Where free text may stand"


def counted(fields: int) -> str:
    """Return in how many fields free text may stand."""
    return f"{fields} field{'' if fields == 1 else 's'}"
