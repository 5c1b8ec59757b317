"""The Outlook add-in's manifest: a template, and the code that fills and checks it."""
