"""One answer out of several: estimates on draws of an uncertain data set, combined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curation.studies.estimators import Fit, NotEstimated, Term

FEWEST_DRAWS = 2


def rubin(fits: Sequence[Fit]) -> Fit:
    """Rubin 1987, Multiple Imputation, eq. 3.1.2-3.1.5: the mean of the estimates; their variance
    is that within draws and (1 + 1/m) times that between them.

    Raises NotEstimated for fewer than two draws or draws with other terms than the first's.
    """
    if len(fits) < FEWEST_DRAWS:
        raise NotEstimated(f"{len(fits)} draws: what lies between draws needs two.")
    names = [term.name for term in fits[0].terms]
    if any([term.name for term in fit.terms] != names for fit in fits):
        raise NotEstimated("The draws do not have the same terms.")
    values = np.array([fit.coefficients for fit in fits])
    within = np.mean([np.array(fit.covariance) for fit in fits], axis=0)
    between = np.atleast_2d(np.cov(values, rowvar=False, ddof=1))
    total = within + (1 + 1 / len(fits)) * between
    errors = np.sqrt(np.diag(total))
    terms = zip(names, values.mean(axis=0), errors, strict=True)
    return Fit(
        terms=tuple(Term(name, float(b), float(se)) for name, b, se in terms),
        rows=min(fit.rows for fit in fits),
        events=round(float(np.mean([fit.events for fit in fits]))),
        clusters=min(fit.clusters for fit in fits),
        log_likelihood=float(np.mean([fit.log_likelihood for fit in fits])),
        covariance=tuple(tuple(float(n) for n in row) for row in total),
    )
