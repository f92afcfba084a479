"""Learn to draw with a pen: stroke after stroke, as the examples were drawn."""

from __future__ import annotations

from ._base import Recipe
from ._data.house_sketches import houses

RECIPE = Recipe(
    title="Draw with a pen",
    story="A generative network follows the pen point by point and learns where it goes next, and when it is lifted; "
    "then it draws by itself, or goes on with a drawing of yours: "
    "`engineroom generate RUN -o drawing.svg --seed 7`, or --prompt '0,20 40,0 |' (right,down from the point before). "
    "--model lstm is a recurrent network.",
    data="drawings as strokes: stroke-3 (.npz, sketch-rnn) or Quick, Draw! (.ndjson)",
    answers="generate: SVG or PNG; CSV: nats a point of each drawing",
    target="next",
    demo=houses,
    settings={"task": "drawing"},
    minutes=1.5,
    expect="houses that stand, and now and then one that does not; 3.9 nats a point, the 4-gram 5.6",
)
