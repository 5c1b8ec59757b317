"""The sample firms: people, groups, rooms, calendars and CRM data, deterministic from a seed."""
