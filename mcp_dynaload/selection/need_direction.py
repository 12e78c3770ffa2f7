"""Where among the vectors of prompts those lie that ask for tools: by `mcp_dynaload.evaluation.fit`."""

NEED_DIRECTION = (
    "KT37uSu5UDl9Nh64bbknt9S4oK8COf44qDmorn66ZDO/OEQp2a2GMiE5mzQ6uh857j0usUe3xS2luRKyFCw2sKm6bTKzPZqx6zFKsQ2xFbxnLh+z"
    "j7O6NBUJKbUwOCE1JT77POG1Wro6OR+6+K+nOKU99q41tfaxLj2xMGS7B7luu6o5ozE3s/o0ETNEuvE5QDVmuvk0uKbrLPg1qDZOsQ08GjlWuuI1"
    "xra4roA8Urd9ulo6yrY7u/kwXrl2s8W6Y7lGNggwlLXQts+8+q8Cubu1wi0CrMCwEzthuOe3+69gtkK7PjhcM50yW7Z0OGUn/zY2uQ05xjeRtW61"
    "SDYAgBE0vbb6NbA8/7iuOsk6cTh/MaE0/CsYONAtt77evgc5gyqDOWw5RaDLtii3WLb5rUo8bTQXtqww7TRquHwpn7RCrbcpArV6PhC6mzlWOF04"
    "uztwOdO6eTaUvCq6IreStsEjeaz9r1s5HTSJmzW0PDiLtA+51TyOL+a4nDQyv7guNjP4rQ0qQDPIvCo6njUUngs3wDe+OBg5LLccN/i1yy/YIpA3"
    "6zZOtgUv7Ti7nSc1GTFNMkirDqxDN78xXroAACA9Lywateo1Py8ONJ8xEjmLuu4sgzn6MW45BL00LRk4QrPaOJM4pziGuQe7kDNKnu42+zOXOiU1"
    "abYsNMozp7knsyw3wDT5Mbs0KLjGpkc47DZjs9+0AbzqNbosMrntOR6q4DX1tfau+7RsNXEkBjw9PLc1YbROO5osIjkptRQv+y2trni/XK0fqA89"
    "P7MEunQ3tK1aq0M7+zzesGAmmjanPEoxKyzUtOI/tz1KupC7vTFosck3TrZVvEu75LZBdXs597byN56zXrfuoYq1djuutXO19yjUuag1d7s8tO68"
    "Sbn2unU6xrSsq9k5zzXquNgwITgFMsOpojRXOS21iLUNMom4wDNXkzk6VbKYpAY6FjQRPKwwobfntCk4oy9qqBI7UTT3K8i1uDTlNU+3QTeAtfE4"
    "dLJPL1isPLqap5q1"
)
"""Read with `combination.unpacked`."""
