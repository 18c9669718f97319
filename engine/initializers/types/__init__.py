"""One file per type; the registry of engine.initializers finds them all."""
