"""What a user wrote, read and checked before anything starts: settings, servers, categories, trust, paths."""
