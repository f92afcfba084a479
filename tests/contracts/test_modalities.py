"""Every kind of column: recognises its own, fits to JSON, encodes, collates, becomes a signal, augments without
changing shape, shows safely."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.core.protocols import Ragged
from engineroom.core.seeds import torch_generator
from engineroom.modalities.vision._masks import write_mask

RNG = np.random.default_rng(0)
VALUES = {
    "number": pl.Series("x", [*RNG.normal(size=40).tolist(), None, float("inf")]),
    "category": pl.Series("x", ["a", "b", "<script>"] * 14),
    "multilabel": pl.Series("x", [["a", "b"], ["b"], []] * 14),
    "text": pl.Series("x", [f"some words about thing number {i} <b>bold</b>" for i in range(42)]),
    "image": pl.Series("x", RNG.integers(0, 255, (42, 20, 24, 3), dtype=np.uint8)),
    "video": pl.Series("x", RNG.integers(0, 255, (42, 6, 20, 24, 3), dtype=np.uint8)),
    "series": pl.Series("x", [RNG.normal(size=RNG.integers(20, 40)).tolist() for _ in range(42)]),
    "datetime": pl.Series("x", [f"2024-{1 + i % 12:02d}-{1 + i % 28:02d} 10:00:00" for i in range(42)]),
    "molecule": pl.Series("x", [f"{'C' * (1 + i % 7)}c1ccc(cc1)C(=O)N{'O' * (i % 2)}" for i in range(42)]),
    "formula": pl.Series("x", [f"Fe{1 + i % 3}O{2 + i % 4}(SiC)0.{1 + i % 9}" for i in range(42)]),
    "vector": pl.Series("x", RNG.normal(size=(42, 12)).astype(np.float32)),
    "mask": pl.Series("x", [write_mask(RNG.integers(0, 3, (12, 14)).astype(np.uint8), [0, 1, 2]) for _ in range(42)]),
    "boxes": pl.Series(
        "x",
        [
            json.dumps([{"class": "ab"[i % 2], "x1": 0.1, "y1": 0.2, "x2": 0.5, "y2": 0.3 + i / 80}] * (i % 3))
            for i in range(42)
        ],
    ),
    "anomaly_label": pl.Series("x", ["normal", "anomaly", "<script>"] * 14),
    "defect_label": pl.Series("x", ["normal", "anomaly", "<script>"] * 14),
    "binary_targets": pl.DataFrame({"p": [0, 1, None] * 14, "q": [1, 1, 0] * 14}).to_struct("x"),
    "instance_id": pl.Series("x", [f"person {i % 7}" for i in range(42)]),
    "window": pl.Series("x", RNG.normal(size=(42, 30)).astype(np.float32)),
    "future_covariates": pl.Series("x", RNG.normal(size=(42, 6)).astype(np.float32)),
    "forecast_target": pl.Series("x", RNG.normal(size=(42, 8)).astype(np.float32)),
    "time_features": pl.Series("x", np.arange(42) * 3600.0),
    "tokens": pl.Series("x", [["the", "<b>bold</b>", f"Thing{i}", "and", "the", "rest"] for i in range(42)]),
    "token_labels": pl.Series("x", [["O", "B-<script>", "I-<script>", "O"][: 1 + i % 4] for i in range(42)]),
    "document_page": pl.Series(
        "x",
        [
            {"words": ["Total:", f"{i}.50", "<b>bold</b>", "<script>"], "facts": [[i, 0, 90, 9, 1, 0, 1, 1, 9]] * 4}
            for i in range(42)
        ],
    ),
    "document_fields": pl.Series(
        "x",
        [
            {
                "tags": ["O", "B-a", "I-a"],
                "words": [" at", " <b>bold</b>", " <script>"],
                "fields": [{"name": "a", "value": "<script>"}],
            }
        ]
        * 42,
    ),
    "interaction_history": pl.Series(
        "history", [[f"item{(i + k) % 9}" for k in range(1 + i % 5)] + ["<script>"] for i in range(42)]
    ),
    "aligned_sequence": pl.Series("x", [f"MKLV{'ADEGW'[i % 5]}NGKT{'ST'[i % 2]}LKGETTEA" for i in range(42)]),
    "text_corpus": pl.Series("x", [f"<b>bold</b> words, stretch {i}, and more" for i in range(42)]),
    "next_token": pl.Series("x", np.arange(42)),
    "next_note": pl.Series("x", np.arange(42)),
    "next_stroke": pl.Series("x", np.arange(42)),
    "source_text": pl.Series("x", [f"<b>bold</b> words of a text <script>, number {i}" for i in range(42)]),
    "target_text": pl.Series("x", [f"<b>bold</b> words in return <script> for {i}" for i in range(42)]),
    "row_index": pl.Series("x", np.arange(42)),
    "latent_noise": pl.Series("x", np.arange(42)),
    "image_noise": pl.Series("x", np.arange(42)),
    "row_noise": pl.Series("x", np.arange(42)),
    "gumbel_noise": pl.Series("x", np.arange(42)),
    "generated_clip": pl.Series("x", RNG.integers(0, 255, (42, 6, 20, 24, 3), dtype=np.uint8)),
    "row": pl.DataFrame({"p": RNG.normal(size=42), "q": ["a", "b", "<script>"] * 14}).to_struct("x"),
    "generated_image": pl.Series("x", RNG.integers(0, 255, (42, 20, 24, 3), dtype=np.uint8)),
    "observation": pl.Series("x", RNG.normal(size=(42, 6)).astype(np.float32)),
    "image_observation": pl.Series("x", RNG.integers(0, 255, (42, 20, 24, 3), dtype=np.uint8)),
    "episode": pl.Series("x", np.arange(42)),
    "degraded_image": pl.Series("x", RNG.integers(0, 255, (42, 20, 24, 3), dtype=np.uint8)),
    "clean_image": pl.Series("x", RNG.integers(0, 255, (42, 20, 24, 3), dtype=np.uint8)),
    "transcript": pl.Series("x", [f"one two {'three' if i % 2 else 'four'} <script>" for i in range(42)]),
    "characters": pl.Series("x", [f"say <b>bold</b> words <script>, number {i}" for i in range(42)]),
    "identifier": pl.Series("x_id", [f"id{i}" for i in range(42)]),
}


# kinds that a task or a source gives to its columns; no column is taken for one by itself
GIVEN = (
    "window",
    "future_covariates",
    "forecast_target",
    "time_features",
    "vector",
    "instance_id",
    "binary_targets",
    "boxes",
    "mask",
    "text_corpus",
    "next_token",
    "next_note",
    "next_stroke",
    "source_text",
    "target_text",
    "latent_noise",
    "generated_image",
    "anomaly_label",
    "defect_label",
    "document_page",
    "document_fields",
    "observation",
    "image_observation",
    "episode",
    "degraded_image",
    "clean_image",
    "transcript",
    "noisy_speech",
    "clean_speech",
    "speech",
    "row_index",
    "image_noise",
    "row_noise",
    "gumbel_noise",
    "generated_clip",
    "row",
    "mel_target",
    "characters",
    "mel_frames",
    "waveform_target",
)


@pytest.fixture
def values(name, tmp_path):
    if name not in ("audio", "speech", "noisy_speech", "clean_speech", "mel_target", "mel_frames", "waveform_target"):
        return VALUES[name]
    import soundfile

    for i in range(12):
        soundfile.write(tmp_path / f"{i}.wav", RNG.normal(0, 0.1, 4000), 8000)
    paths = [str(tmp_path / f"{i}.wav") for i in range(12)]
    if name in ("noisy_speech", "clean_speech"):
        return pl.Series(
            "x",
            [
                {"source": path, "noise": "made", "part": [0.0, 1.0], "level": 5.0, "least": 1.0, "chance": i}
                for i, path in enumerate(paths)
            ],
        )
    return pl.Series("x", paths)


@pytest.mark.parametrize("name", registry.names("modalities"))
def test_recognised_before_all_others(name, values) -> None:
    claims = {other: modality.detect(values) for other, modality in registry.every("modalities").items()}
    assert claims[name] == 0 if name in GIVEN else max(claims, key=claims.get) == name, claims
    assert all(0 <= claim <= 1 for claim in claims.values())


@pytest.mark.parametrize("name", [n for n in registry.names("modalities") if n != "identifier"])
def test_fit_encode_collate_stem(name, values) -> None:
    modality = registry.get("modalities", name)
    state = json.loads(json.dumps(modality.fit(values, limits=LimitsConfig())))
    state = modality.link_to_input(state, {"height": 24, "width": 20}) if modality.paired_with else state
    damaged: dict[int, str] = {}
    encoded = modality.encode(values, state, damaged)
    assert not damaged
    assert (len(encoded.lengths) if isinstance(encoded, Ragged) else len(encoded)) == len(values)
    rows = (
        Ragged(encoded.flat[: encoded.lengths[:4].sum()], encoded.lengths[:4])
        if isinstance(encoded, Ragged)
        else encoded[:4]
    )
    if modality.is_scalar:
        rows = rows[:, None]
    fields = modality.collate(rows, state)
    augmented = (
        modality.augment(dict(fields), state, torch_generator(0, "test"))
        if name not in ("image", "generated_image")
        else modality.augment(dict(fields), {**state, "symmetries": ["horizontal"]}, torch_generator(0))
    )
    assert {k: v.shape for k, v in augmented.items()} == {k: v.shape for k, v in fields.items()}
    again = modality.augment(dict(fields), state, torch_generator(0, "test"))
    assert name in ("image", "generated_image") or all(
        torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
        for a, b in zip(augmented.values(), again.values(), strict=True)
    )
    if modality.layouts and modality.backbones:
        looks = [modality.augment_view(dict(fields), [state], torch_generator(0, "view", k)) for k in (0, 0, 1)]
        assert all({k: v.shape for k, v in look.items()} == {k: v.shape for k, v in fields.items()} for look in looks)
        assert torch.equal(torch.nan_to_num(looks[0][""].float()), torch.nan_to_num(looks[1][""].float())), (
            "a look is a function of its seed"
        )
    for layout in modality.layouts[:1]:
        signal = modality.stem([state], 16, layout).eval()(fields[""], fields.get("_mask"))
        assert signal.layout == layout and len(signal.data) == 4 and torch.isfinite(signal.data).all()
    assert modality.validate_example(state, fields[""])


@pytest.mark.parametrize("name", [n for n in registry.names("modalities") if n != "identifier"])
def test_a_row_means_the_same_alone_and_in_a_batch(name, values) -> None:
    """Nothing about a cell may depend on its neighbours: what is decided over a column is kept in its state."""
    modality = registry.get("modalities", name)
    state = json.loads(json.dumps(modality.fit(values, limits=LimitsConfig())))
    state = modality.link_to_input(state, {"height": 24, "width": 20}) if modality.paired_with else state
    whole = modality.encode(values, state, {})
    for row in (0, len(values) // 2, len(values) - 1):
        alone = modality.encode(values[row : row + 1], state, {})
        if isinstance(whole, Ragged):
            begin = int(whole.lengths[:row].sum())
            assert np.array_equal(
                alone.flat, whole.flat[begin : begin + whole.lengths[row]], equal_nan=whole.flat.dtype.kind == "f"
            )
        else:
            np.testing.assert_allclose(
                np.asarray(alone[0], np.float64), np.asarray(whole[row], np.float64), rtol=1e-5, atol=1e-6
            )


@pytest.mark.parametrize("name", registry.names("modalities"))
def test_shown_safely(name, values) -> None:
    modality = registry.get("modalities", name)
    state = {} if name == "identifier" else modality.fit(values, limits=LimitsConfig())
    html = modality.to_html(values.to_numpy()[2] if isinstance(values.dtype, pl.Array) else values[2], state)
    assert "<script>" not in html and "<b>bold" not in html
    if name not in ("image", "generated_image", "audio"):
        assert isinstance(modality.to_html(None, state), str)


def test_padding_never_reaches_the_answer() -> None:
    """The same series alone and beside a longer one give the same features."""
    from engineroom.core.batch import Signal
    from engineroom.core.config import Config

    torch.manual_seed(0)
    short, long = torch.randn(1, 30, 2), torch.randn(1, 50, 2)
    both, mask = torch.zeros(2, 50, 2), torch.zeros(2, 50, dtype=torch.bool)
    both[0, :30], both[1], mask[0, :30], mask[1] = short[0], long[0], True, True
    for name in ("cnn", "fcn", "rnn", "transformer"):
        model = (
            registry.get("backbones", name)
            .build(Signal(both, "sequence", mask), Config(), kind="steps", size="small", members=1)
            .eval()
        )
        together = model(Signal(both, "sequence", mask)).pooled[0]
        alone = model(Signal(short, "sequence", torch.ones(1, 30, dtype=torch.bool))).pooled[0]
        assert torch.allclose(together, alone, atol=1e-4), name


def test_numbers_written_in_many_ways_are_one_category() -> None:
    from engineroom.modalities.tabular.category import to_strings

    assert to_strings(pl.Series([1.0, 2.0, None])).to_list() == ["1", "2", None]
    assert to_strings(pl.Series([1, 2])).to_list() == ["1", "2"]
    assert to_strings(pl.Series([True, False])).to_list() == to_strings(pl.Series(["True", "False"])).to_list()


def test_long_recordings_are_read_from_their_start_only(tmp_path) -> None:
    import soundfile

    from engineroom.modalities.audio.audio import decode

    soundfile.write(tmp_path / "a.flac", np.r_[np.ones(8000), np.zeros(80_000)] * 0.5, 8000)
    assert len(decode(str(tmp_path / "a.flac"), rate=8000, seconds=1.0)) == 8001


def test_series_change_only_where_that_keeps_their_meaning() -> None:
    modality = registry.get("modalities", "series")

    def changed(values: list) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        column = pl.Series("x", values)
        state = modality.fit(column, limits=LimitsConfig())
        fields = modality.collate(modality.encode(column, state, {}), state)
        return fields[""], modality.augment(dict(fields), state, torch_generator(0))[""], fields.get("_mask")

    wave = np.sin(np.arange(40) / 3)
    wave -= wave.mean()
    before, after, _ = changed([wave.tolist()] * 200)
    assert float((after.mean(1) - before.mean(1)).std()) < 0.02, "all have one level: it stays"
    before, after, _ = changed([(wave + level).tolist() for level in RNG.normal(0, 3, 200)])
    assert float((after.mean(1) - before.mean(1)).std()) > 0.2
    before, after, mask = changed([wave[: 20 + i % 20].tolist() for i in range(200)])
    assert mask is not None and not after[~mask].any() and torch.isfinite(after).all()


def test_time_runs_unevenly_between_the_same_ends() -> None:
    from engineroom.layers.augment import warp_time

    x = torch.arange(50.0).repeat(3, 1)[..., None]
    mask = torch.arange(50)[None] < torch.tensor([50, 20, 1])[:, None]
    warped = warp_time(x, mask, torch_generator(0))
    for row, length in enumerate((50, 20, 1)):
        steps = warped[row, :length, 0]
        assert steps[0] == 0 and abs(float(steps[-1]) - (length - 1)) < 1e-3 and (steps.diff() >= 0).all()
    assert not torch.allclose(warped[0], x[0], atol=0.5)
