"""Calder Instruments, the demo company: two years of lifelike records, the same on every machine."""
