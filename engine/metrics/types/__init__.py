"""One file per type; the registry of engine.metrics finds them all."""
