"""`python -m fastprocesses_server`: the command line."""

from .cli import main

main()
