"""A room that exists for tests only: its one kind of record gains a column while records stand."""
