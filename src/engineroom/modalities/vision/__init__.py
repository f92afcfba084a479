"""Column types of images and video."""
