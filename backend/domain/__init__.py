"""The rules of the business: pure functions and frozen values, no I/O, no clock."""
