"""What admins do: settings, people, servers, pauses; every act leaves a line in the audit (A11)."""
