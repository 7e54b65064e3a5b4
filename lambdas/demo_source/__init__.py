"""Makes the table, its people and the extract's user in the database for demonstrations, once."""
