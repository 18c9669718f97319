"""One file per type; the registry of engine.regularizers finds them all."""
