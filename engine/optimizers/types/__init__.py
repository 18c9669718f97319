"""One file per type; the registry of engine.optimizers finds them all."""
