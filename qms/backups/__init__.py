"""Backups: one archive with the database, the files and the anchors as they stood at one moment; and the way back."""
