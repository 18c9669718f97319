"""One file per type; the registry of engine.schedules finds them all."""
