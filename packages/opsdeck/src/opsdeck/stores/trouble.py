"""What a store raises when it is gone, full or damaged: for whoever must go on without it and say so."""

import duckdb
from sqlalchemy.exc import SQLAlchemyError

TROUBLE: tuple[type[Exception], ...] = (duckdb.Error, SQLAlchemyError, OSError)
