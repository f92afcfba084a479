"""Source table → samples of tables: anomaly labels, pseudo-anomalies."""
