"""One viewer a file: data in, plot or text out."""
