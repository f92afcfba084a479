"""Whole networks: a stem a column, a backbone a kind of signal, a head for the answer; ensembles of them."""
