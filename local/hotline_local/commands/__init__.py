"""The commands of the project's command line, one module each.

A module offers `register(subparsers)`: it adds its parser and sets `run`, which takes the parsed arguments and returns
the exit code. Heavy imports belong inside `run`, so that `--help` stays quick. No module outside this package and
`hotline_local.cli` imports a command.
"""
