"""The service over HTTP: one ASGI application for clients, load balancers, REST and the dashboard."""
