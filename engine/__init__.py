"""The IRER engine: physics, audit, storage and the hunt loop. It never imports Panel."""

__version__ = "0.1.0"
