"""Where among the vectors of prompts those lie that ask for tools: by `mcp_dynaload.evaluation.fit`."""

NEED_DIRECTION = (
    "az23uXy5fzl1NpO4nLl9tzK59q9QOQI5mzm3rJ66JDJ1OJ4lQK/oMTA56TM8uik55T2UspC33S4EuqmzgynRsdu6vTGtPZKwbTHOsYWvxrvdLZ6z"
    "ObMeNeGhW7QTOIw0Tz4TPRe2+rmQOfm5n6zxOK095qs9taayCT1HMlK7VLleu+A5xDDFskg2ODO8uSg6QjWeuvszvxpQLZo1oTdJseA7TDlfugU2"
    "nbdWsIM8bLbVulw6hbb2uh8zSLkJtbG6lbmLNj0vj7V9t+G89rA3uf61GDAxsFiy5jqauMW3t7Adtlq76Tf1M6MxLLaLOHUhwzdUua04Sjh+tf61"
    "yTUAgJwzE7d+Nfs8TblMOq46/Dc4MI80XCkmOFGjrb77vhM5rCUsOUg5eZxkt162A7fAqV08kzRdtk0x3zSYuCwuNrXTq3IrxLRhPs65HznQOJY4"
    "oDvLOPG6SjepvBO6BLeqtnEouKgusIg5tzMZHs60jDgCtPu4vjzuMGS4jzM/v6UvpzS7reooOzLUvM053TX2mPQ1kzflODA5JbblNzy2FjFSJNk3"
    "IzfEtfUsXjnhJa40ry/LM4CvTqjcNjMwMroAAE092S8ttRQ1RS/0M1AxADmUup0toznEMk45Fr2iLQI4BbKDOZ44TzjvuFu7bTS7Hd42TTLVOuw0"
    "8bVONaszlrlPsaQ3gDXtMHs0JrjMpHM4qzYXsim187s+NaEsgrniOacoJDa/tSitnLWgNVqjPTw7PKc1ArQmO7It0TjstC4slC1rqHW/JK1eHew8"
    "TrK6uY03DK7Wqj47+jyZsGorizbAPJQx1C0PtQxAnT3ruZ+7JTCnsVM3J7YrvFS787d8dXc5nre0N46xwbehKCm1mzsNtoO0tyeyuV81NburtKC8"
    "Lbktu6I6wLNBpGo5+TScuD0wHThgMV4gATWCOWq1JLXlMAu5TDS3J+05crG6Ie85vzToOx8x2bbItFM3Pi9zqEI7bDSLMBS2gjTVNXG3wDeVtQw5"
    "pLLxLY6pULoCree0"
)
"""Read with `combination.unpacked`."""
