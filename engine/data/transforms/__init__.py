"""One file per transform of inputs."""
