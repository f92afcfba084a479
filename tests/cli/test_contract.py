"""What scripts rely on: flags, files, JSON shapes and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import sklearn.metrics as sk

from conftest import command, house_table, shape_pictures

QUICK = ["--steps", "40", "--set", "train.threads=1", "--set", "train.precision=fp32"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("cli")
    house_table(300).write_csv(root / "houses.csv")
    house_table(80, seed=5).write_csv(root / "other.csv")
    command("train", "houses.csv", "--target", "sold", "--run", "sold", *QUICK, cwd=root)
    command("train", "houses.csv", "--target", "price", "--run", "price", *QUICK, "--quiet", cwd=root)
    return root


def test_run_directory_and_default_name(trained: Path) -> None:
    done = command("train", "houses.csv", "--target", "sold", *QUICK, cwd=trained)
    assert (trained / "runs" / "houses-1" / "bundle" / "report.html").exists()
    assert "report:" in done.stdout
    assert sorted(p.name for p in (trained / "sold").iterdir() if not p.name.startswith(".")) == [
        "bundle",
        "config.yaml",
        "events.jsonl",
        "prepared.json",
    ]


def test_predict_writes_one_row_per_row_in_order(trained: Path) -> None:
    command("predict", "sold", "other.csv", "-o", "out.csv", cwd=trained)
    out = pl.read_csv(trained / "out.csv")
    assert out.columns == ["prediction", "probability", "probability_no", "probability_yes"] and out.height == 80
    row = out.row(0, named=True)
    assert row["probability"] == pytest.approx(row[f"probability_{row['prediction']}"])
    reversed_rows = pl.read_csv(trained / "other.csv").reverse().drop("sold")
    reversed_rows.write_csv(trained / "reversed.csv")
    command("predict", "sold", "reversed.csv", "-o", "reversed.out.csv", cwd=trained)
    assert pl.read_csv(trained / "reversed.out.csv").reverse()["prediction"].to_list() == out["prediction"].to_list()


def test_evaluate_prints_one_object_that_agrees_with_scikit_learn(trained: Path) -> None:
    done = command("evaluate", "sold", "other.csv", "--json", cwd=trained)
    result = json.loads(done.stdout)
    assert result["rows"] == 80 and set(result) == {
        "rows",
        "answer",
        "metrics",
        "deep",
        "baseline",
        "positive_class",
        "unknown_classes",
        "notes",
    }
    command("predict", "sold", "other.csv", "-o", "out.csv", cwd=trained)
    out, truth = pl.read_csv(trained / "out.csv"), pl.read_csv(trained / "other.csv")["sold"]
    assert result["metrics"]["accuracy"] == pytest.approx(sk.accuracy_score(truth, out["prediction"]))
    assert result["metrics"]["roc_auc"] == pytest.approx(
        sk.roc_auc_score(truth == "yes", out["probability_yes"]), abs=1e-6
    )
    assert {"accuracy", "f1_macro", "roc_auc", "log_loss"} <= set(result["metrics"]) and set(result["baseline"]) == set(
        result["metrics"]
    )
    numbers = json.loads(command("evaluate", "price", "other.csv", "--json", cwd=trained).stdout)
    assert {"rmse", "mae", "r2"} <= set(numbers["metrics"])


def test_json_mode_prints_json_lines_only(trained: Path) -> None:
    done = command("train", "houses.csv", "--target", "price", "--run", "json", *QUICK, "--json", cwd=trained)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"schema", "started", "validated", "finished"} <= {event["event"] for event in events}
    assert all(json.loads(line) for line in command("runs", "--json", cwd=trained).stdout.splitlines())
    failed = command("train", "nowhere.csv", "--json", cwd=trained, check=3)
    assert json.loads(failed.stdout.splitlines()[-1])["code"] == 3


def test_quiet_is_quiet(trained: Path) -> None:
    done = command("train", "houses.csv", "--target", "price", "--run", "quiet", *QUICK, "--quiet", cwd=trained)
    assert done.stdout == "" and done.stderr == ""


def test_exit_codes(trained: Path) -> None:
    command("train", cwd=trained, check=2)
    command("train", "houses.csv", "--no-such-flag", cwd=trained, check=2)
    command("train", "houses.csv", "--target", "price", "--minutes", "1", "--epochs", "2", cwd=trained, check=2)
    command("train", "houses.csv", "--target", "price", "--model", "transfromer", cwd=trained, check=2)
    command("train", "nowhere.csv", "--target", "price", cwd=trained, check=3)
    command("train", "houses.csv", "--target", "prise", cwd=trained, check=3)
    command("predict", "no-run", "houses.csv", cwd=trained, check=4)
    command("--help", check=0)


def test_advice_names_the_nearest(trained: Path) -> None:
    assert "'price'" in command("train", "houses.csv", "--target", "prise", cwd=trained, check=3).stderr
    assert "'train.lr'" in command("train", "houses.csv", "--set", "train.lrr=1", cwd=trained, check=2).stderr
    assert "'houses.csv'" in command("train", "hauses.csv", cwd=trained, check=3).stderr
    assert (
        "transformer"
        in command("train", "houses.csv", "--target", "price", "--model", "transfromer", cwd=trained, check=2).stderr
    )


def test_an_existing_run_is_not_overwritten(trained: Path) -> None:
    before = (trained / "sold" / "config.yaml").read_bytes()
    done = command("train", "houses.csv", "--target", "sold", "--run", "sold", cwd=trained, check=2)
    assert "already holds a run" in done.stderr and (trained / "sold" / "config.yaml").read_bytes() == before


def test_yaml_holds_what_flags_hold(trained: Path) -> None:
    (trained / "c.yaml").write_text("data: houses.csv\ntarget: price\nrun: fromyaml\ntrain:\n  steps: 20\n")
    command("train", "--config", "c.yaml", "--quiet", cwd=trained)
    assert (trained / "fromyaml" / "bundle" / "bundle.json").exists()
    (trained / "c.yaml").write_text("data: houses.csv\ntarget: price\ntrian:\n  steps: 20\n")
    assert "'train" in command("train", "--config", "c.yaml", cwd=trained, check=2).stderr


def test_until_stops_when_reached(trained: Path) -> None:
    done = command(
        "train", "houses.csv", "--target", "sold", "--run", "until", "--until", "accuracy=0.7", "--json", cwd=trained
    )
    assert "reached 0.7" in done.stdout
    command("train", "houses.csv", "--target", "sold", "--until", "acuracy=0.7", cwd=trained, check=2)


def test_overrides_are_obeyed(trained: Path) -> None:
    done = command(
        "train",
        "houses.csv",
        "--target",
        "price",
        "--run",
        "over",
        *QUICK,
        "--json",
        "--set",
        "columns.city.role=ignore",
        "--set",
        "columns.area.modality=category",
        "--set",
        "columns.sold.role=ignore",
        cwd=trained,
    )
    schema = next(json.loads(line) for line in done.stdout.splitlines() if '"schema"' in line)
    assert {c["name"]: (c["kind"], c["role"]) for c in schema["columns"]}["area"] == ("category", "input")
    assert {c["name"]: c["role"] for c in schema["columns"]}["city"] == "ignore"


def test_a_folder_of_pictures_with_test_data_of_its_own(tmp_path: Path) -> None:
    shape_pictures(tmp_path / "photos")
    shape_pictures(tmp_path / "more", per_class=6)
    command("train", "photos", "--test", "more", "--run", "r", "--steps", "60", "--quiet", cwd=tmp_path)
    result = json.loads(command("evaluate", "r", "more", "--json", cwd=tmp_path).stdout)
    assert result["rows"] == 12 and result["metrics"]["accuracy"] >= 0.9
