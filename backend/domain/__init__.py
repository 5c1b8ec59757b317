"""The rules of the business as pure functions and frozen values: standard library only, no I/O, no clock."""
