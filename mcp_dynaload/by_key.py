"""Results that are read by attribute or by key: one mixin for pydantic models and dataclasses."""

import inspect
from collections.abc import ItemsView, KeysView, ValuesView
from functools import cache
from typing import Any


class ByKey:
    """A base whose public fields and properties are keys, too: `result["name"]` is `result.name`.

    A key's value is `Any`, as in parsed JSON: which field a text names is known only when it is read.
    """

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        """Return what the attribute of that name is.

        Raises:
            KeyError: There is none; the message names those that there are.
        """
        names = _names(type(self))
        if key not in names:
            raise KeyError(f"{key!r} is no key of {type(self).__name__}; there are: {', '.join(names)}")
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        """Return whether it can be read by this key."""
        return key in _names(type(self))

    def get(self, key: str, default: Any = None) -> Any:
        """Return what the key reads, or the default where there is no such key."""
        return getattr(self, key) if key in self else default

    def keys(self) -> KeysView[str]:
        """Return all keys, fields first."""
        return self._mapping().keys()

    def values(self) -> ValuesView[Any]:
        """Return what each key reads, in the order of the keys."""
        return self._mapping().values()

    def items(self) -> ItemsView[str, Any]:
        """Return each key with what it reads."""
        return self._mapping().items()

    def _mapping(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _names(type(self))}


@cache
def _names(kind: type[ByKey]) -> tuple[str, ...]:
    """Return the public fields of a class and its bases, then its properties."""
    bases = [base for base in reversed(kind.__mro__) if issubclass(base, ByKey)]
    fields = [name for base in bases for name in inspect.get_annotations(base)]
    properties = [name for base in bases for name, value in vars(base).items() if isinstance(value, property)]
    return tuple(name for name in dict.fromkeys([*fields, *properties]) if not name.startswith("_"))
