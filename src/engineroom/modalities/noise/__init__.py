"""Noise inputs of generative models."""
