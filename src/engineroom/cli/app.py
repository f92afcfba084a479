"""The command-line application that the verbs join. Errors are three lines and an exit code, never a traceback."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import typer

from ..core.errors import EXIT_INTERRUPTED, UserError

app = typer.Typer(
    name="engineroom",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Data of any kind in, a trained and honestly judged deep model out.\n\n`engineroom train houses.csv --target "
    "price` · `engineroom predict runs/houses-1 new.csv -o out.csv`",
)


def run() -> None:
    """Run a verb; every failure a user can cause is three lines on standard error and its exit code."""
    try:
        code = app(standalone_mode=False)  # typer hands an Exit's code back
        sys.exit(code if isinstance(code, int) else 0)
    except UserError as error:
        fail(error)
    except KeyboardInterrupt:
        print("interrupted; continue with: engineroom train --resume RUN", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        from ..core.files import disk_error

        fail(disk_error(error, Path(error.filename or ".")))
    except Exception as error:
        click_exit(error)


def click_exit(error: Exception) -> None:
    """Click's own errors keep their words; anything else is our fault and shows where."""
    code = getattr(error, "exit_code", None)
    if code is None:
        raise error
    show = getattr(error, "show", None)
    if show:
        show()
    sys.exit(code)


def fail(error: UserError) -> None:
    if "--json" in sys.argv:
        print(
            json.dumps({"event": "error", "what": error.what, "why": error.why, "fix": error.fix, "code": error.code})
        )
    else:
        bold, plain = ("\033[1;31m", "\033[0m") if sys.stderr.isatty() else ("", "")
        lines = [f"{bold}{error.what}{plain}", *(line for line in (error.why, error.fix) if line)]
        print("\n".join(lines), file=sys.stderr)
    sys.exit(error.code)
