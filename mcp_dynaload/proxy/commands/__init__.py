"""The slash commands: what the person says and asks between prompts."""
