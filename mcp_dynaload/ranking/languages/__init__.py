"""What developers say to tools in other languages than English, a module each: written by us, word by word."""
