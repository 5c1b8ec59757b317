"""A Salesforce organisation to test against: REST over loopback, as its guides describe it."""
