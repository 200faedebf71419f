"""How do two sides tell one another where something is, and no more than the area? Cells, maps, sealed lists."""
