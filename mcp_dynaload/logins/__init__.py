"""Logins to servers behind HTTP: made with the user's browser, kept on this machine, renewed, ended."""
