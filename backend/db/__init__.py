"""Tables and queries. Functions take a session and never commit."""
