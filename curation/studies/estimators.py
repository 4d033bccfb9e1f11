"""Estimators of the studies: a table of numbers in, coefficients or the reason for none out.

statsmodels does the fitting. What is ours is when it is refused: too few cases, columns that say
the same, separation, a fit that did not end; and two variants: Firth's, and intercepts by cluster
(the mode that statsmodels takes for these has no bound where clusters hardly differ).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import optimize, sparse, stats
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.tools.sm_exceptions import PerfectSeparationError

Array = NDArray[np.float64]

CONSTANT = "Constant"
INTERCEPTS = "Deviation of the intercepts"
# Peduzzi et al. 1996, J. Clin. Epidemiol. 49, found 10 events a coefficient safe; Vittinghoff and
# McCulloch 2007, Am. J. Epidemiol. 165, 5 to 9 tolerable. Below 5 no estimate is printed.
EVENTS_PER_COEFFICIENT = 5
FEWEST_CLUSTERS = 10
STEPS = 100
# Standard errors beyond this, with columns in units of their standard deviation, are a sign that
# the likelihood has no maximum: then, and only then, a linear programme is asked.
SUSPECT = 10.0


@dataclass(frozen=True)
class Term:
    """A coefficient with its standard error, both on the scale of the linear predictor."""

    name: str
    coefficient: float
    error: float

    @property
    def p(self) -> float:
        """Two-sided, from the normal distribution (Wald)."""
        return float(2 * stats.norm.sf(abs(self.coefficient / self.error)))

    @property
    def low(self) -> float:
        """Lower end of the 95% interval."""
        return self.coefficient - Z95 * self.error

    @property
    def high(self) -> float:
        """Upper end of the 95% interval."""
        return self.coefficient + Z95 * self.error

    @property
    def verdict(self) -> str:
        """`+` or `-` where the 95% interval leaves out zero, else `0`."""
        if self.low > 0:
            return "+"
        return "-" if self.high < 0 else "0"


Z95 = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Fit:
    """What an estimator found: its terms (thresholds last), and what it was found in."""

    terms: tuple[Term, ...]
    rows: int
    events: int
    clusters: int
    log_likelihood: float
    covariance: tuple[tuple[float, ...], ...]

    @property
    def coefficients(self) -> Array:
        return np.array([term.coefficient for term in self.terms])

    def term(self, name: str) -> Term | None:
        return next((term for term in self.terms if term.name == name), None)


class NotEstimated(Exception):
    """No figure is printed; the message says why, for readers."""


@dataclass(frozen=True)
class Design:
    """Rows without a gap: an outcome, columns that explain it, and the cluster of each row.

    outcome: (n,) 0/1, or 0…k-1 in order. columns: (n, p), without the constant.
    clusters: (n,) numbers from 0, or None for rows that are independent.
    """

    outcome: Array
    columns: Array
    names: tuple[str, ...]
    clusters: NDArray[np.int64] | None = None

    @property
    def with_constant(self) -> Array:
        return np.column_stack([np.ones(len(self.outcome)), self.columns])


def design(
    table: pd.DataFrame, outcome: str, names: Sequence[str], clusters: str | None = None
) -> Design:
    """The rows of a table in which nothing that is asked is missing.

    Raises NotEstimated where a column says nothing: it is constant, or follows from others.
    """
    asked = [outcome, *names, *([clusters] if clusters else [])]
    rows = table[asked].dropna()
    if rows.empty:
        raise NotEstimated("No row has a value for the outcome and for everything that explains.")
    columns = rows[list(names)].to_numpy(dtype=float)
    groups = pd.factorize(rows[clusters], sort=True)[0] if clusters else None
    found = Design(rows[outcome].to_numpy(dtype=float), columns, tuple(names), groups)
    _refuse_idle_columns(found)
    return found


def _refuse_idle_columns(found: Design) -> None:
    still = [
        n for n, column in zip(found.names, found.columns.T, strict=True) if not np.ptp(column)
    ]
    if still:
        raise NotEstimated(f"The same in every row that can be used: {', '.join(still)}.")
    matrix = found.with_constant
    for last in range(2, matrix.shape[1] + 1):
        if np.linalg.matrix_rank(_scaled(matrix[:, :last])) < last:
            name = found.names[last - 2]
            raise NotEstimated(
                f"{name} follows from the columns before it: it cannot be told apart."
            )


def _scaled(matrix: Array) -> Array:
    norms = np.linalg.norm(matrix, axis=0)
    return np.asarray(matrix / np.where(norms > 0, norms, 1.0))


def _refuse_too_few(found: Design) -> None:
    coefficients = found.columns.shape[1] + 1
    counts = np.unique(found.outcome, return_counts=True)[1]
    if len(counts) < 2:
        raise NotEstimated("The outcome is the same in every row that can be used.")
    fewest, least = int(counts.min()), EVENTS_PER_COEFFICIENT * coefficients
    if fewest < least:
        raise NotEstimated(
            f"The rarer outcome is there {fewest} times; {coefficients} coefficients need at "
            f"least {least}."
        )
    if found.clusters is not None and (n := len(np.unique(found.clusters))) < FEWEST_CLUSTERS:
        raise NotEstimated(
            f"The rows come from {n} clusters: errors that allow for clusters need at least "
            f"{FEWEST_CLUSTERS}."
        )


def logit(found: Design) -> Fit:
    """Logistic regression by maximum likelihood; errors clustered where clusters are given.

    Clustered errors: the sandwich of Liang and Zeger 1986, Biometrika 73, eq. 13, with the
    small-sample factor G/(G-1) · (n-1)/(n-p) that statsmodels and Stata use.
    Raises NotEstimated for too few cases, separation or a fit that does not end.
    """
    _refuse_too_few(found)
    model = sm.Logit(found.outcome, found.with_constant)
    result = _run(found, lambda: model.fit(disp=0, maxiter=STEPS, **_clustering(found)))
    return _fit(found, result, (CONSTANT, *found.names))


def _clustering(found: Design) -> dict[str, Any]:
    if found.clusters is None:
        return {}
    return {"cov_type": "cluster", "cov_kwds": {"groups": found.clusters}}


def _run(found: Design, fit: Callable[[], Any]) -> Any:
    """The fit, or why there is none. Separation is looked for where the fit hints at it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = fit()
    except (PerfectSeparationError, np.linalg.LinAlgError) as error:
        _refuse_separation(found)
        raise NotEstimated("The fit failed: the columns hardly differ from each other.") from error
    size = np.std(found.with_constant, axis=0)
    errors = np.asarray(result.bse)[: len(size)]
    ended = result.mle_retvals["converged"]
    if not ended or not np.isfinite(errors).all() or (errors * size > SUSPECT).any():
        _refuse_separation(found)
    if not ended or not np.isfinite(np.asarray(result.bse)).all():
        raise NotEstimated(f"The fit did not end within {STEPS} steps.")
    return result


def _fit(found: Design, result: Any, names: Sequence[str]) -> Fit:
    covariance = np.asarray(result.cov_params())
    triples = zip(names, np.asarray(result.params), np.asarray(result.bse), strict=True)
    return Fit(
        terms=tuple(Term(name, float(b), float(se)) for name, b, se in triples),
        rows=len(found.outcome),
        events=int((found.outcome > 0).sum()),
        clusters=0 if found.clusters is None else len(np.unique(found.clusters)),
        log_likelihood=float(result.llf),
        covariance=_plain(covariance),
    )


def _plain(matrix: NDArray[Any]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(number) for number in row) for row in matrix)


def _refuse_separation(found: Design) -> None:
    """Konis 2007 (thesis, Oxford), ch. 4: a linear programme finds whether the data separate.

    There is a maximum exactly if no direction b ≠ 0 has s·Xb ≥ 0 in every row, s = ±1 by outcome.
    """
    for cut in np.unique(found.outcome)[1:]:
        matrix = found.with_constant
        side = np.where(found.outcome >= cut, 1.0, -1.0)
        signed = np.unique(side[:, None] * matrix, axis=0)
        answer = optimize.linprog(
            -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1)
        )
        if answer.status != 0 or -answer.fun < 1e-6:
            continue
        guilty = [n for n, b in zip(found.names, answer.x[1:], strict=True) if abs(b) > 1e-6]
        names = ", ".join(guilty) or "the columns together"
        raise NotEstimated(
            f"Separation: {names} tells the outcome without exception in a part of the rows, so "
            "that its coefficient has no finite estimate."
        )


def firth(found: Design) -> Fit:
    """Logistic regression for rare events and separated data, by Firth's penalised likelihood.

    Firth 1993, Biometrika 80, eq. 3.1 with the score of Heinze and Schemper 2002, Stat. Med. 21,
    eq. 3: sum of (y - p + h(1/2 - p)) x, h the leverages. It takes out the bias of first order
    that King and Zeng 2001, Political Analysis 9, correct for. Errors are from the information
    matrix and do not allow for clusters.
    """
    x, y = found.with_constant, found.outcome
    if len(np.unique(y)) < 2:
        raise NotEstimated("The outcome is the same in every row that can be used.")
    beta = np.zeros(x.shape[1], dtype=np.float64)
    for _ in range(STEPS):
        p, information = informed(x, beta)
        try:
            inverse = np.linalg.inv(information)
        except np.linalg.LinAlgError as error:
            raise NotEstimated("The fit failed: its information matrix is singular.") from error
        leverage = np.einsum("ij,jk,ik->i", x, inverse, x) * p * (1 - p)
        step = inverse @ (x.T @ (y - p + leverage * (0.5 - p)))
        beta += step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            return _penalised(found, beta)
    raise NotEstimated(f"The fit did not end within {STEPS} steps.")


def informed(x: Array, beta: Array) -> tuple[Array, Array]:
    """The chance of each row, and the information matrix of a logit at `beta`."""
    p = 1 / (1 + np.exp(-(x @ beta)))
    return p, (x * (p * (1 - p))[:, None]).T @ x


def _penalised(found: Design, beta: Array) -> Fit:
    p, information = informed(found.with_constant, beta)
    covariance = np.linalg.inv(information)
    likelihood = np.log(np.where(found.outcome > 0, p, 1 - p)).sum()
    penalty = 0.5 * np.linalg.slogdet(information)[1]
    errors = np.sqrt(np.diag(covariance))
    terms = zip((CONSTANT, *found.names), beta, errors, strict=True)
    return Fit(
        terms=tuple(Term(name, float(b), float(se)) for name, b, se in terms),
        rows=len(p),
        events=int((found.outcome > 0).sum()),
        clusters=0,
        log_likelihood=float(likelihood + penalty),
        covariance=_plain(covariance),
    )


NODES = 15


def mixed(found: Design) -> Fit:
    """Logistic regression with an intercept for each cluster, drawn from a normal distribution.

    Maximum likelihood by adaptive Gauss-Hermite quadrature with 15 nodes; Pinheiro and Bates 1995,
    J. Comput. Graph. Stat. 4, sec. 2.4. The last term is the deviation of the intercepts.
    """
    _refuse_too_few(found)
    if found.clusters is None:
        raise NotEstimated("There are no clusters that could have intercepts of their own.")
    start = np.append(logit(replace(found, clusters=None)).coefficients, np.log(0.5))
    answer = optimize.minimize(
        lambda at: tuple(-part for part in _likelihood(found, at)), start, jac=True, tol=1e-7
    )
    hessian = -_slope(lambda at: _likelihood(found, at)[1], answer.x)
    if np.abs(answer.jac).max() > 1e-2 or (np.linalg.eigvalsh(hessian) <= 0).any():
        raise NotEstimated(
            "The deviation of the intercepts cannot be told from none: the clusters do not differ."
        )
    scale = np.append(np.ones(len(start) - 1), np.exp(answer.x[-1]))
    covariance = np.linalg.inv(hessian) * np.outer(scale, scale)
    values, errors = np.append(answer.x[:-1], scale[-1]), np.sqrt(np.diag(covariance))
    terms = zip((CONSTANT, *found.names, INTERCEPTS), values, errors, strict=True)
    return Fit(
        terms=tuple(Term(name, float(b), float(se)) for name, b, se in terms),
        rows=len(found.outcome),
        events=int((found.outcome > 0).sum()),
        clusters=len(np.unique(found.clusters)),
        log_likelihood=float(-answer.fun),
        covariance=_plain(covariance),
    )


def _likelihood(found: Design, at: Array) -> tuple[float, Array]:
    """Log likelihood and gradient at (coefficients, log deviation)."""
    assert found.clusters is not None
    x, y, group, spread = found.with_constant, found.outcome, found.clusters, np.exp(at[-1])
    line = x @ at[:-1]
    mode, curvature = _modes(line, y, group, spread)
    z, w = np.polynomial.hermite.hermgauss(NODES)
    u = mode[:, None] + np.sqrt(2 / curvature)[:, None] * z
    eta = line[:, None] + spread * u[group]
    rows = y[:, None] * eta - np.logaddexp(0, eta)
    joint = _by_group(rows, group, len(mode)) - u**2 / 2 + z**2 + np.log(w)
    top = joint.max(axis=1, keepdims=True)
    mass = np.exp(joint - top)
    total = mass.sum(axis=1)
    weight = mass / total[:, None]
    constants = np.log(np.sqrt(2 / curvature)) - np.log(2 * np.pi) / 2
    value = float((np.log(total) + top[:, 0] + constants).sum())
    rest = (y[:, None] - 1 / (1 + np.exp(-eta))) * weight[group]
    slope = np.append(x.T @ rest.sum(axis=1), (rest * u[group]).sum() * spread)
    return value, slope


def _modes(line: Array, y: Array, group: NDArray[np.int64], spread: float) -> tuple[Array, Array]:
    """Where each cluster's intercept is most likely, in deviations, and how sharply."""
    groups = int(group.max()) + 1
    mode = np.zeros(groups)
    curvature: Array = np.ones(groups)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(line + spread * mode[group])))
        pull = spread * np.bincount(group, y - p, groups) - mode
        curvature = np.asarray(spread**2 * np.bincount(group, p * (1 - p), groups) + 1)
        step = np.clip(pull / curvature, -2, 2)
        mode = mode + step
        if np.abs(step).max() < 1e-10:
            break
    return mode, curvature


def _by_group(rows: Array, group: NDArray[np.int64], groups: int) -> Array:
    n = len(group)
    sums = sparse.csr_matrix((np.ones(n), (group, np.arange(n))), shape=(groups, n)) @ rows
    return np.asarray(sums)


def _slope(gradient: Callable[[Array], Array], at: Array) -> Array:
    """The second derivatives, from gradients on both sides; made symmetric."""
    width = 1e-4
    sides = np.eye(len(at)) * width
    found = np.array([(gradient(at + s) - gradient(at - s)) / (2 * width) for s in sides])
    return np.asarray((found + found.T) / 2)


def ordered(found: Design) -> Fit:
    """Ordered (proportional odds) logit; McCullagh 1980, J. R. Stat. Soc. B 42, eq. 2.2.

    A positive coefficient makes higher categories more likely. Thresholds come last, with errors
    by the delta method from the increments that statsmodels fits.
    """
    _refuse_too_few(found)
    levels = np.unique(found.outcome)
    codes = np.searchsorted(levels, found.outcome)
    model = OrderedModel(codes, found.columns, distr="logit")
    result = _run(
        found, lambda: model.fit(method="bfgs", maxiter=10 * STEPS, disp=0, **_clustering(found))
    )
    thresholds = tuple(f"{low:g} | {high:g}" for low, high in pairwise(levels))
    jacobian = _increments_to_thresholds(np.asarray(result.params), len(thresholds))
    covariance = jacobian @ np.asarray(result.cov_params()) @ jacobian.T
    slopes = np.asarray(result.params)[: len(found.names)]
    values = [*slopes, *model.transform_threshold_params(result.params)[1:-1]]
    errors = np.sqrt(np.diag(covariance))
    terms = zip((*found.names, *thresholds), values, errors, strict=True)
    return Fit(
        terms=tuple(Term(name, float(b), float(se)) for name, b, se in terms),
        rows=len(codes),
        events=int((codes > 0).sum()),
        clusters=0 if found.clusters is None else len(np.unique(found.clusters)),
        log_likelihood=float(result.llf),
        covariance=_plain(covariance),
    )


def _increments_to_thresholds(params: Array, thresholds: int) -> Array:
    """The first threshold is a parameter, each later one adds the exponential of its own."""
    jacobian = np.eye(len(params))
    first = len(params) - thresholds
    for column in range(first + 1, len(params)):
        jacobian[column:, column] = np.exp(params[column])
    jacobian[first + 1 :, first] = 1.0
    return jacobian


ESTIMATORS: dict[str, Callable[[Design], Fit]] = {
    "logit": logit,
    "firth": firth,
    "mixed": mixed,
    "ordered": ordered,
}
