"""What commands print and save, a command a file: JSON objects, tables and files. Nothing is computed here."""
