"""The control plane under /_sandbox: state, acts of people, faults, clock, request log."""
