"""COLLECT: where a policy acts. Environments are gymnasium's by name, a user's own class, or a file of this folder that
holds `ENVIRONMENT`."""
