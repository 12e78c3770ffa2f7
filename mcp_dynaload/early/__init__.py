"""The client's first requests answered from stored bytes while the rest of us is imported.

What is needed before the first answer imports next to nothing: no dataclasses, no typing, no pathlib.
"""
