"""Change notifications: subscriptions and how their notifications travel. Speaks no Graph HTTP."""
