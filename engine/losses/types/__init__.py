"""One file per type; the registry of engine.losses finds them all."""
