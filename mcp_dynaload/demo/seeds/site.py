"""The web shop's pages, as the browser server shows them."""

from pathlib import Path

_MENU = """<nav><a href="/index.html">Home</a> <a href="/products.html">Products</a>
<a href="/help/shipping.html">Help</a></nav>"""


def write(folder: Path) -> None:
    """Write all pages."""
    (folder / "help").mkdir()
    for name, (title, body) in _PAGES.items():
        head = f'<head><title>{title}</title><meta name="description" content="Parcelbird: {title}"></head>'
        (folder / name).write_text(f"<!doctype html>\n<html lang=en>{head}\n<body>{_MENU}\n{body}\n</body></html>\n")


_PAGES = {
    "index.html": (
        "Parcelbird shop",
        """<h1>Everything for home and trail</h1>
<p>Free shipping from 50 euros. New here? <a href="login.html">Log in or create an account</a>.</p>
<h2>This week</h2>
<ul><li>Enamel mugs are back in stock</li><li>Tents: 20 percent off until Sunday</li></ul>
<form action="/products.html"><input type="search" name="q" placeholder="Search products">
<button>Search</button></form>""",
    ),
    "products.html": (
        "Products",
        """<h1>Products</h1>
<table><tr><th>Product</th><th>Price</th><th>Stock</th></tr>
<tr><td><a href="mug.html">Enamel mug</a></td><td>12.50</td><td>140</td></tr>
<tr><td>Cast iron pan</td><td>54.00</td><td>18</td></tr>
<tr><td><a href="tent.html">Two person tent</a></td><td>219.00</td><td>9</td></tr></table>
<p><a href="catalog-2025.html">Last year's catalog</a></p>""",
    ),
    "mug.html": (
        "Enamel mug",
        """<h1>Enamel mug</h1><img alt="A blue mug" src="mug.png">
<p>Holds 350 ml, weighs 120 g, survives every fall.</p>
<form action="/thanks.html">
<select name="colour"><option>blue</option><option>white</option><option>green</option></select>
<input name="quantity" value="1"><button>Add to cart</button></form>""",
    ),
    "tent.html": ("Two person tent", "<h1>Two person tent</h1><p>2.1 kg, waterproof to 3000 mm.</p>"),
    "login.html": (
        "Log in",
        """<h1>Log in</h1><form action="/account.html"><input name="email" type="email" placeholder="Email">
<input name="password" type="password" placeholder="Password"><button>Log in</button></form>""",
    ),
    "account.html": ("Your account", "<h1>Welcome back</h1><p>You have 2 open orders.</p>"),
    "thanks.html": ("In your cart", "<h1>Added to your cart</h1><p>Continue <a href='products.html'>shopping</a>.</p>"),
    "help/shipping.html": (
        "Shipping",
        """<h1>Shipping</h1><p>Parcels take two to four days. Express parcels arrive the next working day.</p>
<h2>Costs</h2><table><tr><th>Order value</th><th>Standard</th><th>Express</th></tr>
<tr><td>below 50 euros</td><td>4.90</td><td>9.80</td></tr>
<tr><td>from 50 euros</td><td>free</td><td>4.90</td></tr></table>""",
    ),
}
