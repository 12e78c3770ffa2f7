"""The embedded demo servers, one per module, each with a `build(workspace)`."""
