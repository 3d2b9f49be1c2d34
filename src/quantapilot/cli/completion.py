"""`qp completion`: the script that makes a shell complete commands, options and names."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
)

VARIABLE = "_QP_COMPLETE"
# With the mark that keeps its lines as they are.
_HELP = """Print the script that completes commands, options, rules and definitions.

\b
Bash, in ~/.bashrc:
  eval "$(qp completion bash)"
Zsh, in ~/.zshrc, behind compinit:
  eval "$(qp completion zsh)"
Fish, once:
  qp completion fish > ~/.config/fish/completions/qp.fish
"""


class _Bash(BashComplete):
    """Bash takes a colon for the end of a word, and so `validate:api` for three."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and that word."""
        args, incomplete = super().get_completion_args()
        words: list[str] = []
        behind_colon = False
        for word in [*args, incomplete]:
            if words and (behind_colon or word == ":"):
                words[-1] += word
            else:
                words.append(word)
            behind_colon = word == ":"
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return a candidate without what bash has as words of its own already."""
        _, incomplete = self.get_completion_args()
        known = incomplete.rpartition(":")[0]
        value = item.value.removeprefix(f"{known}:") if known else item.value
        return f"{item.type},{value}"


add_completion_class(_Bash, "bash")


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script of a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(ctx.find_root().command, {}, "qp", VARIABLE).source())
