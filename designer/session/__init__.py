"""Who owns the document, what is selected, what is known of it, and the bridge to the training thread."""
