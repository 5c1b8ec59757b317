"""The task pane's files as package data; nothing here runs in Python."""
