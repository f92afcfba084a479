"""The report: sections, HTML page, terminal summary, previews of rows."""
