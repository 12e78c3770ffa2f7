"""Where among the vectors of prompts those lie that ask for tools: by `mcp_dynaload.evaluation.fit`."""

NEED_DIRECTION = (
    "fJMuvrG4ATjbPQK5VLnWsJC6+7tINyU6sTefvUCc/jBmOI2+gT1wOwU4BbVOsDpB1z22Oi/AP0FFuk2+0LxkqXQ5obU8QTSvujujvGm2"
    "J7mHPUk3GL4wuJm5c7vNPX46Qj4tPFw0obhnNoy5JLy9OwI8RDp/t6C3yz54NwbAt78kwfQ8ir3yPIA5Cr2dvbO1TLCYu6E8bLG3PBgz"
    "srt3vIBCjzXHvPceG7EAvEY6Uz1Auhm5Piw5uUWwXbkfuD65drVqMF0+5D6NumO1p7sYuCS7Qb13OHygvzvruZe0TLcntwTARTycOJy1"
    "xbWSQAexij1uPXM17jJ8tuq4yzcjarA9qJfiIro2vriWMkGoxq1UuUSwXzpqOKE/+sDCv5y4cjEuNTar97qYuA+8GzDcOY82gDk6v66l"
    "i72QOmq2ozh9rRK1QSc+QLm6Ra7tsBC3+z7fOFq/FkF8v/ItAaxlt4E9BLdkMpAwRb9NMae7XLhINAy8Mz/gq9i4dC7cvPEoVrmhOJ69"
    "6DapvDdAjT6Ipgk9bzj+OPZBgS2SPVK5WTmeNQY5M73ssSG0YzbRuTA5+DVtNjm++DiPuxA/XLriXfm4SbQCvas1ZDR0s4g31Dzqv4u8"
    "ITv6PDE5KLc9L1k6qjsCri9A0jnav6O6UDg4ujs66Dz7PWI4C730uj0qGLz0vsk4hDisNbg4myX8sF+ygDoWuH+/jrY+ul28d6GUutGw"
    "LTxCu5c5WTyTPLY1lT95O5E+1bj6uCw8pjxvuv48Dz4muY2/sLmxuaw6HSWXv0e1VDJnPSQ5+DwZvo2kazTmQas+OrEJLvY/GEJOtZe8"
    "nz3RuBE++quBvYq83DVw6Ze7pDaXMOs2LL+bMi69dEK0vJ4+abytuRI3FjxbvHK+bTUBuUA58b43tpA3KjRcvtg3uTufMmq3SzwKPKA5"
    "6LlPP4e/ZjwbPBgtBbhyuEw9MD4Rttest7fBueo5JL81OI0/kzZluHK4SrylPZO7MT4iNVuq+biru5IxAblpu3O7"
)
"""Read with `combination.unpacked`."""
