def print_summary(report, console=None):
    print(report["verdict"]["sentence"])
