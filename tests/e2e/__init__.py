"""A real window driven by a real mouse."""
