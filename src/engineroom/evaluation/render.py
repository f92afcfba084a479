"""Writes the report."""
import json
def write_report(report, directory):
    (directory / "report.json").write_text(json.dumps(report))
    (directory / "report.html").write_text("<pre>" + json.dumps(report["verdict"]))
