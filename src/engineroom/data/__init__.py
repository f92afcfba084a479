"""COLLECT: a source becomes a table, the table typed columns, the columns an encoded data set that hands out
batches."""
