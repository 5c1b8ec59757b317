"""Exchange in memory: mailboxes, calendars, one copy of a meeting per mailbox, meeting mail.

Knows no HTTP, no tokens and no permissions; all of it is touched on one event loop only.
"""
