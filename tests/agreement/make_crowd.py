"""Wrote crowd.json once. Needs its own environment; crowd-kit would bring transformers with it:

python -m venv /tmp/crowd && /tmp/crowd/bin/pip install attrs numpy pandas scikit-learn tqdm
/tmp/crowd/bin/pip install --no-deps crowd-kit==1.4.2
/tmp/crowd/bin/python tests/agreement/make_crowd.py > tests/agreement/crowd.json

Nothing of Casebook is imported: the posteriors are those of crowd-kit's DawidSkene alone. Its
packages are stood in for, since their own first lines import every model there is.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

SEED, UNITS, STEPS = 19790101, 60, 50


def without_its_first_lines(name: str, folder: Path) -> None:
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module


def matrix(random: np.random.Generator, number: int) -> list[list[int | None]]:
    """Coders of different skill; in every second one, one rating in five is not there."""
    scale, coders = 2 + number % 3, 3 + number % 4
    truth = random.integers(0, scale, UNITS)
    skill = random.uniform(0.55, 0.95, coders)
    right = random.random((UNITS, coders)) < skill
    said = np.where(right, truth[:, None], random.integers(0, scale, (UNITS, coders)))
    gone = random.random((UNITS, coders)) < (0.2 if number % 2 else 0)
    gone[:, 0] = False
    rows = zip(said, gone, strict=True)
    return [[None if g else int(s) for s, g in zip(*row, strict=True)] for row in rows]


def posterior(said: list[list[int | None]]) -> list[list[float]]:
    rows = [
        (unit, coder, label)
        for unit, row in enumerate(said)
        for coder, label in enumerate(row)
        if label is not None
    ]
    model = import_module("crowdkit.aggregation.classification.dawid_skene")
    fitted = model.DawidSkene(n_iter=STEPS, tol=-1)  # all of the steps
    probas = fitted.fit_predict_proba(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    return np.round(probas.sort_index(axis=0).sort_index(axis=1).to_numpy(), 7).tolist()


if __name__ == "__main__":
    found = find_spec("crowdkit")
    home = Path(str(found.submodule_search_locations[0]))
    for part in ("", "aggregation", "aggregation/classification"):
        without_its_first_lines(".".join(["crowdkit", *Path(part).parts]), home / part)
    random = np.random.default_rng(SEED)
    cases = [matrix(random, number) for number in range(8)]
    told = {"crowd-kit": metadata.version("crowd-kit"), "seed": SEED, "steps": STEPS}
    told["cases"] = [{"said": said, "posterior": posterior(said)} for said in cases]
    json.dump(told, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
