"""Parsing of text cells: one convention a column (number, date, duration, label set), decided over its distinct
values, then applied."""
