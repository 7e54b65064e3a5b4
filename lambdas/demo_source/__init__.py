"""Makes the table and the extract's user in the database for demonstrations, once."""
