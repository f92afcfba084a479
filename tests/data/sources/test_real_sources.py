"""The real data sets: every folder, and every training file with its test file, is read as what it is."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from conftest import REAL_DATA_DEMANDED
from engineroom.data.loading import open_table

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir() and not REAL_DATA_DEMANDED, reason="the real data sets are not at hand"),
]

SPLITS = {  # folder -> rows of train, val, test; a column and its type
    "adult": ((32_561, 0, 16_281), "age", pl.Int64),
    "california_housing": ((16_512, 0, 4_128), "total_bedrooms", pl.Float64),
    "diamonds": ((43_152, 0, 10_788), "cut", pl.String),
    "credit_default": ((24_000, 0, 6_000), "default_next_month", pl.Int64),
    "titanic": ((713, 0, 178), "adult_male", pl.Boolean),
    "bank_marketing": ((6_590, 0, 1_647), "y", pl.String),
    "german_credit": ((800, 0, 200), "risk", pl.String),
    "mammography_imbalanced": ((6_279, 0, 1_570), "f0", pl.Float64),
    "nsl_kdd": ((25_192, 0, 22_544), "attack", pl.String),
    "weight_lifting_har": ((13_737, 0, 5_885), "classe", pl.String),
    "sms_spam": ((3_611, 0, 1_032), "text", pl.String),
    "ag_news": ((5_600, 0, 997), "description", pl.String),
    "sst2": ((6_920, 872, 1_821), "label", pl.Int64),
    "hate_speech_tweets": ((16_000, 0, 3_997), "text", pl.String),
    "clinc_oos": ((15_100, 3_100, 5_500), "label", pl.String),
    "mnist": ((8_000, 0, 1_500), "image", pl.Array(pl.UInt8, (28, 28))),
    "cifar10": ((5_000, 0, 1_000), "image", pl.String),
    "gtsrb": ((2_580, 0, 860), "label", pl.String),
    "sign_language_digits": ((800, 0, 200), "label", pl.String),
    "clothing": ((820, 0, 179), "label", pl.String),
    "camvid": ((140, 0, 60), "mask", pl.String),
    "drive_retina": ((20, 0, 20), "mask", pl.String),
    "magnetic_tile_defects": ((330, 0, 133), "mask", pl.String),
    "bccd": ((180, 0, 50), "boxes", pl.String),
    "chest_xray": ((480, 0, 150), "label", pl.String),
    "driving_steering": ((946, 0, 270), "steering", pl.Float64),
    "fsdd_spoken_digits": ((1_250, 0, 250), "part1", pl.String),
    "indoor_movement": ((210, 0, 104), "series", pl.List(pl.List(pl.Float64))),
    "ucr/ArrowHead": ((36, 0, 175), "series", pl.List(pl.Float64)),
    "ucr/BasicMotions": ((40, 0, 40), "series", pl.List(pl.List(pl.Float64))),
    "ucr/ECG200": ((100, 0, 100), "series", pl.List(pl.Float64)),
    "ucr/GunPoint": ((50, 0, 150), "series", pl.List(pl.Float64)),
    "ucr/ItalyPowerDemand": ((67, 0, 1_029), "series", pl.List(pl.Float64)),
    "ucr/JapaneseVowels": ((270, 0, 370), "series", pl.List(pl.List(pl.Float64))),
}
PAIRS = [
    ("adult/train.csv", "adult/test.csv"),
    ("nsl_kdd/train_20percent.csv.gz", "nsl_kdd/test.csv.gz"),
    ("driving_steering/train.csv", "driving_steering/test.csv"),
    ("cifar10/train", "cifar10/test"),
    ("fsdd_spoken_digits/train", "fsdd_spoken_digits/test"),
    ("ucr/BasicMotions/BasicMotions_TRAIN.ts", "ucr/BasicMotions/BasicMotions_TEST.ts"),
    ("ucr/ECG200/ECG200_TRAIN.txt", "ucr/ECG200/ECG200_TEST.txt"),
    ("mnist/train-images-idx3-ubyte.gz", "mnist/test-images-idx3-ubyte.gz"),
]


@pytest.mark.parametrize("folder", SPLITS)
def test_a_folder_is_read_as_what_it_is(folder):
    rows, column, kind = SPLITS[folder]
    table = open_table(DATA / folder)
    counts = dict(table.frame["split"].value_counts().iter_rows())
    assert tuple(counts.get(split, 0) for split in ("train", "val", "test")) == rows
    assert table.frame.schema[column] == kind and table.name == Path(folder).name and not table.skipped
    for name, hint in table.hints.items():
        if hint.get("modality") in {"image", "audio"} and table.frame.schema[name] == pl.String:
            assert all(Path(cell).is_file() for cell in table.frame[name].head(50))


@pytest.mark.parametrize(("train", "test"), PAIRS)
def test_a_training_part_and_its_test_part_make_the_same_table(train, test):
    joined = open_table(DATA / train, test=DATA / test)
    whole = open_table((DATA / train).parent)
    assert joined.frame.equals(whole.frame) and joined.name == whole.name


def test_a_file_without_its_other_half():
    table = open_table(DATA / "ucr" / "ECG5000")
    assert len(table) == 500 and "split" not in table.frame.columns


def test_long_form_keeps_every_moment_in_order():
    signals = pl.read_csv(DATA / "indoor_movement" / "signals.csv")
    row = open_table(DATA / "indoor_movement").frame.filter(pl.col("sequence_id") == 7)["series"][0].to_list()
    expected = signals.filter(pl.col("sequence_id") == 7).sort("t")
    assert row == [expected[f"rss_anchor{i}"].to_list() for i in (1, 2, 3, 4)]
