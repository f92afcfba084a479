"""How much is more worth? The deep model and its baseline on growing parts of the data: two curves, where they cross,
and advice."""
