"""Ready-made purposes: one file a recipe, at most 40 lines, holding `RECIPE`."""
