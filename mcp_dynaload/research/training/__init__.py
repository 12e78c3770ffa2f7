"""How the packed encoder was made: development only, needs torch, never imported by the product."""
