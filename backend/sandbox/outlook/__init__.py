"""The Outlook-like page of the sandbox and its stand-in for Microsoft's office.js."""
