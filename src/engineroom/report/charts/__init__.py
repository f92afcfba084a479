"""Charts of the report, drawn by matplotlib as SVG."""
