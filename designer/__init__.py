"""The application: a document, a canvas, panels. It may use widgets and engine; neither knows of it."""
