"""The importer: files with many records, for every register."""
