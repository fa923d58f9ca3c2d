"""spaCy components, and what is registered for them."""
