"""What each part of a fresh demo workspace contains."""
