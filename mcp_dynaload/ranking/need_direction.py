"""Where among the vectors of prompts those lie that ask for tools: by `mcp_dynaload.research.fit`."""

NEED_DIRECTION = (
    "9j6juOG3SjkQNHq17bjpuPO58Sz9Oyc6njnKsw68KTWWOzAxBzNoNv04KrJGvRU6yT6Lspu39q11ueMpQSqNttS60zIhPm2ug63QtBO1BrzyNiO3"
    "QS/9Nxi4grnpOIsxiD5JOuSyzLsmNGS6Ea+1OH4+erB6MIW0gD0bONG6rLiwuHE6u7CYpTQ1rzIwt2k9qDfCtiM13yxYsAA3yjvwsHs6iCnmuKg5"
    "NLlQsDU7dbBsuWs8qLjvuak1A7Zwt367m7gWMpkwsLM7uGC9ybXsuGys07J4rNgvVTlquDq4VKYOuZK5eDmhs9IsmbcbPEIzajX1tUc40DXZuYm3"
    "ODAAgDathK3DNGg9UrgBMwc6BDwcNIMuJbmtNo6oy77xvlQ4NjBBLj45vDZkt2W4a7PuuGo7/jiHtFs4EjjcuWe0e7kANJgx+rinPUm8uDpJOTc3"
    "fjtOOY25nzTVuwu8vC0Xsrcq1zMENKQ5hSopMMwnfDS3tnW56T1mOACttCwTv5YxGzjCNeEu4TX7vI44MTUyOaw1JCAkNgA6bKs9PBElSTR2tJQ5"
    "wDeDun0iCDoaOBw48ziaLXmvOSNNNzIp7bsAAL895DVIt2k0ozBtOXQ26TQgu8WrCjy/MXc9R7gqtTM7crV8N3063Dn8uK681zkVtKw1/zKePGQ3"
    "mbkjLHc1pL3ZLJs5ETeiNz83G7qRpbo0GzjKq2uzs7ohNtCt0baiMwgy5i2asy24VLdXNpM1Pz2wPCw0fbAZPR4yPjrksiG10KRaLsG/5Lr2OOk7"
    "cDUXto02j688tE08GzpmtWQ0ejSQPnetczOypRs/6jwbuXW7i64+rLQ4h7dFvCC8ELwod147SLm+NFKhUrseHka4JjzGGVG3wzTCtIQ0nrzrsEa8"
    "XrxdvDw5nLVkMHMq9aWdugM1Vjnxj3s05zQgO024JzOONHC6xjQcLPo4MiYXtKM6KzZRPMMt7bTWtdmuY7S/uBg8SjitODu4Xji8NI+2YTlytiY7"
    "oKplM7szBbejtNG1"
)
"""Read with `combination.unpacked`."""
