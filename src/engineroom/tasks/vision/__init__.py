"""Tasks on images and video."""
