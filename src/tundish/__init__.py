"""
tundish: the image side of bare metal.
"""

__version__ = "0.1.0"
