"""Take each part away and ask again (Zeiler & Fergus 2014): plain to say, true to the model, blind to what parts only do together."""

from __future__ import annotations

import numpy as np
import torch

from ..veil import Veil


class Occlusion:
    words = "How far the answer falls when this part alone is taken away."
    most = 1024  # parts

    def attribute(self, veil: Veil) -> np.ndarray:
        """(P,) answer of the whole − answer without the part."""
        P = len(veil.parts)
        with torch.no_grad():
            answers = veil.ask(torch.cat([torch.ones(1, P), 1 - torch.eye(P)]))
        return (answers[0] - answers[1:]).numpy()


METHOD = Occlusion()
