"""The demo: a recording through the three nodes, its result as a table, a picture and a video."""
