"""How the register's tables came to be, a step a file: Alembic's folder of scripts."""
