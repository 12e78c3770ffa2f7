"""The shop's database: customers, products, orders and their lines."""

import sqlite3
from pathlib import Path

_SCHEMA = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, city TEXT, joined TEXT NOT NULL);
CREATE TABLE products (
    id INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, name TEXT NOT NULL, category TEXT, price REAL NOT NULL,
    stock INTEGER NOT NULL DEFAULT 0);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), ordered TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'returned')));
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders(id), product_id INTEGER NOT NULL REFERENCES products(id),
    quantity INTEGER NOT NULL, PRIMARY KEY (order_id, product_id));
CREATE INDEX orders_by_customer ON orders(customer_id);
CREATE VIEW revenue_by_category AS SELECT category, ROUND(SUM(price * quantity), 2) AS revenue
    FROM order_lines JOIN products ON products.id = product_id GROUP BY category;
"""
_FIRST_NAMES = ("Ada", "Ben", "Chloe", "Deniz", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Luca")
_CITIES = ("Berlin", "Lyon", "Oslo", "Porto")
_PRODUCTS = (
    ("mug", "Enamel mug", "kitchen", 12.5, 140),
    ("pan", "Cast iron pan", "kitchen", 54.0, 18),
    ("lamp", "Reading lamp", "living", 39.9, 25),
    ("rug", "Wool rug", "living", 149.0, 4),
    ("tent", "Two person tent", "outdoor", 219.0, 9),
    ("bag", "Cooler bag", "outdoor", 34.5, 0),
    ("rope", "Climbing rope", "outdoor", 89.0, 12),
    ("book", "Bird guide", "books", 24.0, 61),
)
_STATUSES = ("paid", "shipped", "shipped", "new", "shipped", "returned")


def write(folder: Path) -> None:
    """Create and fill the database."""
    customers = [
        (name, f"{name.lower()}@mail.example", _CITIES[number % len(_CITIES)], f"2025-{number % 12 + 1:02}-15")
        for number, name in enumerate(_FIRST_NAMES)
    ]
    customers.append(("Ada", "ada@mail.example", "Berlin", "2026-01-20"))
    orders = [(n % 12 + 1, f"2026-{n % 2 + 1:02}-{n % 28 + 1:02}", _STATUSES[n % len(_STATUSES)]) for n in range(60)]
    lines = [(order, (order * step) % 8 + 1, order % 3 + 1) for order in range(1, 61) for step in (1, 3)]
    with sqlite3.connect(folder / "shop.sqlite") as db:
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(_SCHEMA)
        db.executemany("INSERT INTO customers (name, email, city, joined) VALUES (?,?,?,?)", customers)
        db.executemany("INSERT INTO products (sku, name, category, price, stock) VALUES (?,?,?,?,?)", _PRODUCTS)
        db.executemany("INSERT INTO orders (customer_id, ordered, status) VALUES (?,?,?)", orders)
        db.executemany("INSERT OR IGNORE INTO order_lines VALUES (?,?,?)", lines)
    db.close()
