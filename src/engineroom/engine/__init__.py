"""BACKPROP, REPEAT: the one loop, its optimizer, its schedule and the watchers. Knows no task, no data set, no model
class."""
