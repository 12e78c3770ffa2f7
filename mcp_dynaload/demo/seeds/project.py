"""The project: a git repository with a small shop package, its tests, documents and some uncommitted work."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mcp_dynaload.demo.git_command import run_git

_FIRST_COMMIT_SECONDS = 1_771_840_800
_HOURS_BETWEEN = 7

_DANA = "Dana Okafor <dana@parcelbird.example>"
_MILO = "Milo Brandt <milo@parcelbird.example>"
_YUKI = "Yuki Tanabe <yuki@parcelbird.example>"

_README = """# Parcelbird shop

Order processing for the Parcelbird web shop: carts, prices and shipping.

## Run the tests

    python -m unittest discover -s tests
"""
_CART = '''"""Shopping carts."""


class Cart:
    def __init__(self):
        self.lines = {}

    def add(self, sku, quantity=1):
        if quantity < 1:
            raise ValueError("quantity must be positive")
        self.lines[sku] = self.lines.get(sku, 0) + quantity

    def remove(self, sku):
        self.lines.pop(sku, None)

    def count(self):
        return sum(self.lines.values())
'''
_PRICING = '''"""Prices and taxes."""

VAT = 0.19


def net_total(cart, prices):
    return sum(prices[sku] * quantity for sku, quantity in cart.lines.items())


def gross_total(cart, prices):
    # rounds the order, not each line
    return round(net_total(cart, prices) * (1 + VAT), 2)
'''
_ROUNDED_PRICING = '''"""Prices and taxes."""

VAT = 0.19


def net_total(cart, prices):
    return sum(prices[sku] * quantity for sku, quantity in cart.lines.items())


def gross_total(cart, prices):
    return sum(round(prices[sku] * quantity * (1 + VAT), 2) for sku, quantity in cart.lines.items())
'''
_SHIPPING = '''"""Shipping costs."""

FREE_FROM = 50.0
FLAT_RATE = 4.9


def shipping_cost(total, express=False):
    if total >= FREE_FROM and not express:
        return 0.0
    return FLAT_RATE * (2 if express else 1)
'''
_DISCOUNTS = '''"""Discount codes."""

CODES = {"WELCOME10": 0.10, "SPRING25": 0.25}


def discounted(total, code):
    return round(total * (1 - CODES.get(code, 0)), 2)
'''
_TEST_CART = """import unittest

from shop.cart import Cart


class CartTest(unittest.TestCase):
    def test_adding_twice_sums_quantities(self):
        cart = Cart()
        cart.add("mug")
        cart.add("mug", 2)
        self.assertEqual(cart.count(), 3)

    def test_quantity_must_be_positive(self):
        with self.assertRaises(ValueError):
            Cart().add("mug", 0)
"""
_TEST_PRICING = """import unittest

from shop.cart import Cart
from shop.pricing import gross_total
from shop.shipping import shipping_cost


class PricingTest(unittest.TestCase):
    def test_gross_total_includes_vat(self):
        cart = Cart()
        cart.add("mug", 2)
        self.assertEqual(gross_total(cart, {"mug": 10.0}), 23.8)

    def test_shipping_is_free_from_fifty(self):
        self.assertEqual(shipping_cost(50.0), 0.0)
"""
_PIPELINES = """{
  "build": {"steps": {"lint": ["-m", "tabnanny", "-v", "shop"]}},
  "test": {"steps": {
    "lint": ["-m", "tabnanny", "shop"], "unit": ["-m", "unittest", "discover", "-v", "-s", "tests"]
  }},
  "smoke": {"steps": {
    "import": ["-c", "import shop.cart; print('cart imported')"], "old api": ["-c", "import shop.legacy"]
  }}
}
"""
_ARCHITECTURE = """# Architecture

The checkout service calls `shop.pricing` for totals and `shop.shipping` for delivery costs.
Payments are captured asynchronously; see docs/runbook.md for what to do when the queue backs up.
"""
_RUNBOOK = """# Runbook

1. Look at the error rate of the payments service.
2. If the queue is longer than 500 messages, scale the worker to 4 replicas.
3. Tell #incidents what you did.
"""
_CONFIG = """{
  "currency": "EUR",
  "vat": 0.19,
  "free_shipping_from": 50,
  "feature_flags": {"express_checkout": false}
}
"""


@dataclass(frozen=True, slots=True)
class _Commit:
    message: str
    author: str
    files: dict[str, str]
    branch: str = "main"
    parents: tuple[int, ...] = field(default=())
    """Marks of the parents; none stands for the commit before."""


_COMMITS = (
    _Commit(
        "Add carts",
        _DANA,
        {"README.md": _README, ".gitignore": "__pycache__/\n", "shop/__init__.py": "", "shop/cart.py": _CART},
    ),
    _Commit("Test carts", _DANA, {"tests/__init__.py": "", "tests/test_cart.py": _TEST_CART}),
    _Commit("Compute totals with VAT", _MILO, {"shop/pricing.py": _PRICING}),
    _Commit("Compute shipping costs", _YUKI, {"shop/shipping.py": _SHIPPING, "tests/test_pricing.py": _TEST_PRICING}),
    _Commit("Describe the architecture", _MILO, {"docs/architecture.md": _ARCHITECTURE, "docs/runbook.md": _RUNBOOK}),
    _Commit("Add discount codes", _YUKI, {"shop/discounts.py": _DISCOUNTS}, "feature/discount-codes", (4,)),
    _Commit("Round each line", _MILO, {"shop/pricing.py": _ROUNDED_PRICING}, "fix/rounding", (5,)),
    _Commit(
        "Add pipelines and settings",
        _DANA,
        {".pipelines.json": _PIPELINES, "config/settings.json": _CONFIG},
        "main",
        (5,),
    ),
)


def write(folder: Path) -> None:
    """Create the repository with its history in one go, then leave some work uncommitted."""
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "fast-import", "--quiet", stdin="".join(_stream()))
    run_git(folder, "reset", "--quiet", "--hard", "main")
    (folder / "shop/shipping.py").write_text(_SHIPPING.replace("4.9", "5.5"))
    (folder / "todo.txt").write_text("- ask Yuki about express rates\n- rounding per line\n")


def _stream() -> Iterator[str]:
    for mark, commit in enumerate(_COMMITS, start=1):
        seconds = _FIRST_COMMIT_SECONDS + mark * _HOURS_BETWEEN * 3600
        yield f"commit refs/heads/{commit.branch}\nmark :{mark}\n"
        yield f"author {commit.author} {seconds} +0000\ncommitter {commit.author} {seconds} +0000\n"
        yield _data(commit.message)
        parents = commit.parents or ((mark - 1,) if mark > 1 else ())
        yield from (f"from :{parent}\n" for parent in parents)
        yield from (f"M 100644 inline {path}\n{_data(text)}" for path, text in commit.files.items())
    tagged_seconds = _FIRST_COMMIT_SECONDS + 5 * _HOURS_BETWEEN * 3600
    yield f"tag v0.1.0\nfrom :4\ntagger {_DANA} {tagged_seconds} +0000\n{_data('First release')}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
