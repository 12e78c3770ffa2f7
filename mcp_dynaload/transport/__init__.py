"""JSON-RPC messages between us and a peer: read from lines of bytes and written as such, within bounds."""
