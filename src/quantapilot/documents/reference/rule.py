"""The hard rule, in the words that every rendering begins with."""

RULE = "No personal data, in any field."
BECAUSE = (
    "Every field has a data class. It says what may stand there, and what is searched for in it; "
    "what the contract does not describe is refused."
)
