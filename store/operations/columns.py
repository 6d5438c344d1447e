"""The columns of an operation's row by position."""

from models import Operation, table_of

TABLE = table_of(Operation)
COLUMNS = tuple(column.name for column in TABLE.columns)
WIDTH = len(COLUMNS)
AT = {name: position for position, name in enumerate(COLUMNS)}
"""Position of each column in a row."""
