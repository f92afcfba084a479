"""FORWARD: torch building blocks. Every module states its shapes."""
