"""The slash commands: what the user says and asks between prompts."""
