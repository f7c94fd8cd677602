"""Pages about work and persons rather than records: background work, notifications, drafts."""
