"""One examiner for the deep model and its classical baseline, and the report."""
