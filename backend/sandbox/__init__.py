"""Microsoft 365 in a box: the slices of Graph and Entra ID we use, sample firms, a control plane.

Spoken to only over HTTP; imports nothing of the other rooms.
"""
