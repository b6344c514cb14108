"""Options of the command line: how the table of arguments becomes options, and the few that only a shell has."""
