"""Objects as points (CenterNet, Zhou et al. 2019): heat where the middle of each is, and how far its sides are from
there.

Heat is a Gaussian as wide as the object in each direction, and every place inside it learns the distances, weighed by
its heat, by the overlap of the boxes (GIoU, Rezatofighi et al. 2019): so few steps suffice (TTFNet, Liu et al. 2020).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

STRIDE = 4  # pixels of the picture a place of the map
RADIUS = 0.54  # of half a box: how far from the middle places belong to it
PRIOR = -2.2  # log odds of heat at a place before anything is learnt
SCALE = 16.0  # pixels; distances are learnt in units of it
ENOUGH = 0.01  # heat below this is no answer
MOST = 100  # answers a picture


def read(output: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """(B, C + 4, h, w) → heat as log odds (B, C, h, w), distances to left, top, right, bottom in pixels (B, 4, h,
    w)."""
    return output[:, :classes] + PRIOR, F.softplus(output[:, classes:]) * SCALE


def boxes_at(distances: Tensor) -> Tensor:
    """(B, 4, h, w) distances → corners x1 y1 x2 y2 in pixels (B, 4, h, w)."""
    h, w = distances.shape[2:]
    x = (torch.arange(w, device=distances.device) + 0.5) * STRIDE
    y = (torch.arange(h, device=distances.device) + 0.5) * STRIDE
    left, top, right, bottom = distances.unbind(1)
    return torch.stack([x - left, y[:, None] - top, x + right, y[:, None] + bottom], 1)


def targets(boxes: Tensor, classes: int, h: int, w: int) -> tuple[Tensor, Tensor, Tensor]:
    """(B, T, 5) boxes in pixels with class, those without area being none → heat (B, C, h, w), corners (B, 4, h, w),
    weights (B, h, w)."""
    B, T = boxes.shape[:2]
    sides = boxes[..., 2:4] - boxes[..., :2]
    there = (sides > 0).all(-1)
    middle = (boxes[..., :2] + boxes[..., 2:4]) / 2 / STRIDE
    column = middle[..., 0].long().clamp(0, w - 1)
    row = middle[..., 1].long().clamp(0, h - 1)
    reach = (RADIUS * sides / 2 / STRIDE).clamp_min(0.4)  # (B, T, 2) places
    dx = torch.arange(w, device=boxes.device) - column[..., None]  # (B, T, w)
    dy = torch.arange(h, device=boxes.device) - row[..., None]
    sigma = reach / 1.5
    near_x = torch.exp(-(dx**2) / (2 * sigma[..., :1] ** 2)) * (dx.abs() <= reach[..., :1])
    near_y = torch.exp(-(dy**2) / (2 * sigma[..., 1:] ** 2)) * (dy.abs() <= reach[..., 1:])
    heat = near_y[..., :, None] * near_x[..., None, :] * there[..., None, None]  # (B, T, h, w)
    place = boxes[..., 4].long().clamp(0, classes - 1)[..., None].expand(B, T, h * w)
    by_class = (
        heat.new_zeros(B, classes, h * w).scatter_reduce(1, place, heat.flatten(2), "amax").view(B, classes, h, w)
    )
    area = sides.clamp_min(0).prod(-1)
    # where several boxes claim a place, the smallest has it
    claim = torch.where(heat > 0, area[..., None, None], torch.inf)
    smallest, owner = claim.min(1)  # (B, h, w)
    own = heat.gather(1, owner[:, None]).squeeze(1) * smallest.isfinite()
    total = heat.new_zeros(B, T).scatter_add(1, owner.flatten(1), own.flatten(1)).clamp_min(1e-6)
    size = area.clamp_min(1).log()  # large boxes have more places and count a little more
    weights = own * (size / total).gather(1, owner.flatten(1)).view(B, h, w)
    corners = (
        boxes[..., :4].gather(1, owner.flatten(1)[..., None].expand(B, h * w, 4)).transpose(1, 2).reshape(B, 4, h, w)
    )
    return by_class, corners, weights


def heat_loss(odds: Tensor, heat: Tensor) -> Tensor:
    """The focal loss of Law & Deng 2018, a picture's sum over its places, divided by the number of objects."""
    p = odds.sigmoid().clamp(1e-4, 1 - 1e-4)
    centre = heat == 1
    hit = -((1 - p) ** 2) * p.log() * centre
    miss = -(p**2) * (1 - p).log() * (1 - heat) ** 4 * ~centre
    return (hit + miss).sum() / centre.sum().clamp_min(1)


def box_loss(said: Tensor, true: Tensor, weights: Tensor) -> Tensor:
    """1 − generalised IoU of corners (B, 4, h, w), weighed (B, h, w)."""
    low, high = torch.maximum(said[:, :2], true[:, :2]), torch.minimum(said[:, 2:], true[:, 2:])
    both = (high - low).clamp_min(0).prod(1)
    areas = [(x[:, 2:] - x[:, :2]).clamp_min(0).prod(1) for x in (said, true)]
    union = areas[0] + areas[1] - both
    hull = (torch.maximum(said[:, 2:], true[:, 2:]) - torch.minimum(said[:, :2], true[:, :2])).clamp_min(0).prod(1)
    giou = both / union.clamp_min(1e-6) - (hull - union) / hull.clamp_min(1e-6)
    return ((1 - giou) * weights).sum() / weights.sum().clamp_min(1e-6)


def peaks(output: Tensor, classes: int) -> list[Tensor]:
    """(B, C + 4, h, w) → for each picture (n, 6): corners in pixels, score, class; places hotter than their neighbours,
    the hottest first."""
    odds, distances = read(output, classes)
    heat, corners = odds.sigmoid(), boxes_at(distances)
    heat = heat * (F.max_pool2d(heat, 3, 1, 1) == heat)
    B, C, h, w = heat.shape
    score, place = heat.flatten(1).topk(min(MOST, C * h * w))
    label, spot = place // (h * w), place % (h * w)
    found = corners.flatten(2).gather(2, spot[:, None].expand(B, 4, spot.shape[1])).transpose(1, 2)
    rows = torch.cat([found, score[..., None], label[..., None].to(score.dtype)], 2)
    return [one[one[:, 4] > ENOUGH] for one in rows]
