"""Random ratings for the tests of agreement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def random_ratings(random: np.random.Generator, *, lowest: int = 0) -> Matrix:
    """2 to 12 units x 2 to 5 coders on 2 to 6 numbers, some missing, some agreement."""
    shape = random.integers(2, 13), random.integers(2, 6)
    values = np.sort(random.choice(np.arange(lowest, lowest + 12), random.integers(2, 7), False))
    truth = random.choice(values, (shape[0], 1))
    said = np.where(random.random(shape) < 0.5, truth, random.choice(values, shape)).astype(float)
    said[random.random(shape) < random.choice([0, 0.15, 0.4])] = np.nan
    return said


def simulated(
    random: np.random.Generator, *, units: int, shares: list[float], knows: float, coders: int
) -> NDArray[np.int64]:
    """Each coder knows the unit's category with chance ``knows`` and draws from the shares else."""
    scale = np.arange(len(shares))
    truth = random.choice(scale, (units, 1), p=shares)
    guess = random.choice(scale, (units, coders), p=shares)
    return np.where(random.random((units, coders)) < knows, truth, guess)
