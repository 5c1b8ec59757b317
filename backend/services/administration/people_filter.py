"""Whom a list of people shows, in the words of those who ask."""

from backend.db.administration import PeopleFilter

__all__ = ["PeopleFilter"]
