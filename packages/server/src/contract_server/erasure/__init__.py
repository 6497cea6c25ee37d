"""Everything personal is erased, provably."""
