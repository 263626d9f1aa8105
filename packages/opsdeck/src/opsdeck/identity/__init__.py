"""Who may: keys that write events, credentials of people, and the address hash. Collect and everyone above ask here."""
