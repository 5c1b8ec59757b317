"""Entra ID in a box: metadata, keys, the authorize page, the token endpoint, token checks."""
