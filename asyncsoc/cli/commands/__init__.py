"""The commands, one file each: its options, its call and what it prints.

A new file here is a new command. It holds a function of the file's name, whose parameters are the options and whose
docstring is the help, and `ORDER`, its place in `asyncsoc --help`. Heavy rooms are imported inside functions, so that
`asyncsoc --help` stays quick. A package is a group of commands such as `asyncsoc sweep`, and holds the group's
`typer.Typer` as `app`.
"""
