from tests.untraced import untraced

__all__ = ["untraced"]
