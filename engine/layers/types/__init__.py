"""One file per layer type; importing engine.layers.LAYERS finds them all."""
