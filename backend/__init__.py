"""Calendar Sync: keeps one CRM record of every Outlook meeting that its organizer chose."""
