"""Riemannian tangent space: a reference model that reads how channels vary together in a trial.

A trial is one covariance matrix a band. Such matrices lie on a curved space; the model maps them
to the flat space that touches it at the mean of the training trials, and fits logistic regression
there. Its row is a trial, where that of the network is a window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyriemann.estimation import Covariances
from pyriemann.preprocessing import Whitening
from pyriemann.tangentspace import TangentSpace
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from emolib.evaluation.linear import fold_predictions, trials_of_windows
from emolib.features.bands import Band, band_pass
from emolib.features.spectra import trial_lengths
from emolib.splits.folds import Fold

if TYPE_CHECKING:
    import xarray as xr

METRIC = "riemann"


def trial_covariances(
    recording: xr.Dataset, bands: Sequence[Band], *, filtering: str = "causal"
) -> np.ndarray:
    """Compute the covariance of each whole trial in each band.

    The last channel is left out: against the common average all channels add up to 0, and their
    covariance would be singular. Interpolated channels and components that were taken out cost rank
    as well; there the shrinkage alone keeps a covariance positive definite.

    Parameters
    ----------
    recording : Dataset
        ``eeg (trial, channel, time)``, microvolts.
    bands : sequence of Band
    filtering : {"causal", "zero_phase"}
        See `emolib.features.bands.band_pass`.

    Returns
    -------
    numpy.ndarray, (trial, band, channel - 1, channel - 1)
        Microvolts squared, shrunk by Chen and others' rule (OAS).

    Raises
    ------
    SettingsError
        If a band does not fit the sampling frequency.

    Notes
    -----
    Source: Barachant et al., Multiclass brain-computer interface classification by Riemannian
    geometry, IEEE Transactions on Biomedical Engineering 59:920-928, 2012; pyRiemann computes it.

    Examples
    --------
    >>> import xarray as xr
    >>> noise = np.random.default_rng(0).normal(size=(3, 5, 512))
    >>> recording = xr.Dataset({"eeg": (("trial", "channel", "time"), noise)},
    ...                        attrs={"sfreq": 128.0})
    >>> trial_covariances(recording, [Band("alpha", 8, 14)]).shape
    (3, 1, 4, 4)
    """
    sfreq, lengths = float(recording.attrs["sfreq"]), trial_lengths(recording)
    signals = recording["eeg"].to_numpy()[:, :-1]
    shrunk = Covariances("oas")
    return np.stack(
        [
            np.concatenate(
                [
                    shrunk.transform(band_pass(own[:, :n], sfreq, band, filtering=filtering)[None])
                    for band in bands
                ]
            )
            for own, n in zip(signals, lengths, strict=True)
        ]
    )


class BandTangentSpace(TransformerMixin, BaseEstimator):
    """Map covariances of several bands to the tangent space at the mean of those that it is fit on.

    Attributes
    ----------
    of_band_ : list of pyriemann.tangentspace.TangentSpace
        Fitted, one a band; ``reference_`` is its mean.
    """

    def fit(self, x: np.ndarray, y: object = None) -> BandTangentSpace:
        """Fit on covariances (trial, band, channel, channel)."""
        bands = range(x.shape[1])
        self.of_band_ = [TangentSpace(metric=METRIC).fit(x[:, band]) for band in bands]
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return (trial, band * channel * (channel + 1) / 2) coordinates."""
        return np.hstack([own.transform(x[:, band]) for band, own in enumerate(self.of_band_)])


def tangent_space() -> BaseEstimator:
    """Return the classifier of covariances (trial, band, channel, channel).

    Logistic regression weighs the classes equally, as the training of the network does.
    """
    line = LogisticRegression(class_weight="balanced", max_iter=1000)
    return make_pipeline(BandTangentSpace(), line)


def recentred(covariances: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Return covariances (trial, band, channel, channel) whose mean is the same for all subjects.

    Each subject's are whitened by the Riemannian mean of all that subject's trials. It uses no
    label, but it does use all of a subject's trials, those under test too: say so wherever it is
    used (Zanini et al., IEEE Transactions on Biomedical Engineering 65:1107-1116, 2018).

    Examples
    --------
    >>> covariances = np.array([2 * np.eye(3), 8 * np.eye(3)])[:, None]
    >>> recentred(covariances, np.array(["a", "a"]))[:, 0, 0, 0].round(6).tolist()
    [0.5, 2.0]
    """
    moved = np.empty_like(covariances)
    for name in np.unique(subject):
        own = subject == name
        for band in range(covariances.shape[1]):
            moved[own, band] = Whitening(metric=METRIC).fit_transform(covariances[own, band])
    return moved


def trial_folds(number: np.ndarray, folds: Iterable[Fold]) -> Iterator[Fold]:
    """Yield the folds of windows as folds of trials, where `number` is each window's trial.

    There are none where windows of one trial are on both sides: a trial has one covariance.

    Examples
    --------
    >>> windows = np.arange(6)
    >>> fold = Fold(windows[:2], windows[2:4], windows[4:])
    >>> next(trial_folds(np.array([0, 0, 1, 1, 2, 2]), [fold])).test.tolist()
    [2]
    """
    for fold in folds:
        if not fold.leaks:
            parts = (np.unique(number[rows]) for rows in (fold.train, fold.validation, fold.test))
            yield Fold(*parts, notes=fold.notes)


def tangent_space_predictions(
    covariances: np.ndarray,
    table: pd.DataFrame,
    folds: Iterable[Fold],
    tasks: Sequence[str],
    **who: object,
) -> pd.DataFrame:
    """Fit the tangent space on each fold's training trials, and predict those that it tests.

    Parameters
    ----------
    covariances : numpy.ndarray, (n_trials, band, channel, channel)
        In the order of `emolib.evaluation.linear.trials_of_windows`.
    table : pandas.DataFrame, one row per window
        As for `emolib.splits`.
    folds : iterable of Fold
        Of that table's rows; those that leak are passed over.
    tasks : sequence of str
    **who
        Further columns: ``protocol``, ``stage``.

    Returns
    -------
    pandas.DataFrame
        A predictions table with one row per trial, whose ``window`` is 0; empty if all folds leak.
    """
    trials, number = trials_of_windows(table)
    of_trials = list(trial_folds(number, folds))
    if not of_trials:
        return pd.DataFrame()
    trials = trials.assign(window=0)
    return fold_predictions(tangent_space, covariances, trials, of_trials, tasks, **who)
