"""Connections to the real servers, started when they are needed."""
