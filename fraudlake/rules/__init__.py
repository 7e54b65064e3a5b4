"""Rules as data: one module a kind, the book that holds them, and the files they are read from."""
