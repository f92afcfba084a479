"""The classical baselines, from scikit-learn: trained on the same rows as the deep model, behind one call."""
