"""One examiner for the deep model and its classical rival, and the report."""
