"""FORWARD: Features → output. One file per kind of answer."""
