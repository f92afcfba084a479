"""Which rows are worth a label? The model asks for those it is least sure of; what is said is kept at once."""
