"""The application: window, actions, settings, start page, documents, crash recovery."""
