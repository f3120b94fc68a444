"""Trials that hold nothing to be told apart by, what is estimated for each, and a formula.

White noise, or a person's rest cut into pieces. All windows of a trial have the same vector
subtracted from them, the mean of a few noisy baseline windows, or are changed in another way that
is estimated for each trial; how far that sets trials apart is estimated here (`shared_ratio`) and
what a classifier gains by it is predicted (`expected_accuracy`, `pair_error`; by the way of change,
`benchmarks.trial_marks`). `benchmarks.demonstrations` measures what it does gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from emolib.errors import SettingsError, check_option, check_range
from emolib.features import baseline
from emolib.features.extraction import FeatureSettings, window_features
from emolib.features.windows import z_score
from emolib.recordings import eegmat
from emolib.splits.folds import stable_seed

REMOVALS = ("none", "own", "divide", "zscore", "another", "mean", "own_trial")
REPAIRS = ("directions", "channels")  # of a trial's signals, before any feature
N_DIRECTIONS, N_REPAIRED = 4, 2
NOISE_UV = 10.0  # of about EEG's size: only a division of DE depends on it
MIN_TRIALS = 10  # two for each of the source's five folds: one of each class

# The published features, without what is varied here.
_ENTROPY = FeatureSettings(kinds=("de",), baseline="none", normalise="none")


@dataclass(frozen=True)
class NoiseSettings:
    """White noise in the shape of one subject of DEAP.

    Attributes
    ----------
    n_trials, n_channels : int
    trial_seconds, baseline_seconds : float
    sfreq : float
        Hz.
    """

    n_trials: int = 40
    n_channels: int = 32
    trial_seconds: float = 60.0
    baseline_seconds: float = 3.0
    sfreq: float = 128.0

    def __post_init__(self) -> None:
        check_range("n_trials", self.n_trials, MIN_TRIALS, 10_000)
        check_range("n_channels", self.n_channels, 1, 1024)
        check_range("trial_seconds", self.trial_seconds, 1, 3600)
        check_range("baseline_seconds", self.baseline_seconds, 0.5, 3600)
        check_range("sfreq", self.sfreq, 100, 4096)


@dataclass(frozen=True, eq=False)
class PseudoTrials:
    """Differential entropy of trials that hold nothing to be told apart by.

    Attributes
    ----------
    name : str
        Whose, such as "sub-00" or "noise-01".
    trial : numpy.ndarray, (n_trials, n_windows, n_bands, n_channels)
        Nats.
    rest : numpy.ndarray, (n_trials, n_baseline_windows, n_bands, n_channels)
        Nats.
    """

    name: str
    trial: np.ndarray
    rest: np.ndarray


def white_noise(
    settings: NoiseSettings | None = None, *, seed: int = 0, repair: str = ""
) -> PseudoTrials:
    """Draw white noise for baselines and trials, and take the published features of it.

    Baseline and trial are independent, and so are trials: any score above chance is an artefact.

    Parameters
    ----------
    settings : NoiseSettings, optional
    seed : int
    repair : {"", "directions", "channels"}
        Change the signals of each trial, its baseline too, as a cleaning step might: take four
        random directions of the channels out, as a stand-in for components of an analysis that is
        fitted to each trial; or replace two random channels by the mean of the others, as a
        stand-in for an interpolation.

    Examples
    --------
    >>> noise = white_noise(NoiseSettings(n_trials=10, n_channels=4, trial_seconds=2))
    >>> noise.trial.shape, noise.rest.shape
    ((10, 4, 4, 4), (10, 6, 4, 4))
    """
    if repair:
        check_option("repair", repair, REPAIRS)
    settings = settings or NoiseSettings()
    rng, changing = (
        np.random.default_rng(stable_seed(name, seed)) for name in ("white noise", "repairs")
    )
    n_channels = settings.n_channels
    changes = [mixing_of(repair, n_channels, changing) for _ in range(settings.n_trials)]
    parts = []
    for seconds in (settings.trial_seconds, settings.baseline_seconds):
        shape = (n_channels, round(seconds * settings.sfreq))
        # A trial at a time: a cohort of long baselines would not fit into memory.
        trials = []
        for mixing in changes:
            noise = rng.normal(scale=NOISE_UV, size=shape)
            trials.append(_entropy(noise if mixing is None else mixing @ noise, settings.sfreq))
        parts.append(trials)
    return PseudoTrials(f"noise-{seed:02d}", *map(np.stack, parts))


def mixing_of(repair: str, n_channels: int, rng: np.random.Generator) -> np.ndarray | None:
    """Draw the matrix (channel, channel) that repairs a trial's signals, see `white_noise`.

    None where nothing is repaired.
    """
    if repair == "directions":
        directions, _ = np.linalg.qr(rng.normal(size=(n_channels, N_DIRECTIONS)))
        return np.eye(n_channels) - directions @ directions.T
    if repair == "channels":
        bad = rng.choice(n_channels, N_REPAIRED, replace=False)
        mixing = np.eye(n_channels)
        mixing[bad] = 1 / (n_channels - N_REPAIRED)
        mixing[np.ix_(bad, bad)] = 0
        return mixing
    return None


def resting_trials(
    root: str | Path, subject: str, *, trial_seconds: float = 12.0, baseline_seconds: float = 3.0
) -> PseudoTrials:
    """Cut a person's rest into pseudo-trials, each a baseline and what follows it.

    Parameters
    ----------
    root : path
        The folder of the recordings of `emolib.recordings.eegmat`.
    subject : str
        Such as "sub-00".
    trial_seconds, baseline_seconds : float
        12 + 3 s give 12 pseudo-trials of the three minutes.

    Returns
    -------
    PseudoTrials

    Raises
    ------
    SettingsError
        If one of the two is shorter than a window, or both together are longer than a minute.
    DataError
        If the recordings cannot be read.
    """
    for name, seconds in (("trial", trial_seconds), ("baseline", baseline_seconds)):
        check_range(f"{name}_seconds", seconds, _ENTROPY.window_seconds, 60)
    recording = eegmat.read(root, subject, trial_seconds=baseline_seconds + trial_seconds)
    resting = recording["class"].sel(task="condition").to_numpy() == "rest"
    signals = recording["eeg"].to_numpy()[resting]
    sfreq = float(recording.attrs["sfreq"])
    start = round(baseline_seconds * sfreq)
    # Filtered apart, as the source does: neither sees the other's samples.
    return PseudoTrials(
        subject,
        np.stack([_entropy(signal[:, start:], sfreq) for signal in signals]),
        np.stack([_entropy(signal[:, :start], sfreq) for signal in signals]),
    )


def remove_baseline(trials: PseudoTrials, removal: str, *, seed: int = 0) -> np.ndarray:
    """Remove a level from every window, then z-score the window.

    Parameters
    ----------
    trials : PseudoTrials
    removal : {"none", "own", "divide", "zscore", "another", "mean", "own_trial"}
        Nothing; the level of the trial's own baseline subtracted (the source's way), the features
        divided by it, or z-scored by its windows; the level of another trial subtracted, each used
        once; the mean level of all trials; the mean of the trial's own windows.
    seed : int
        Of which trial gets whose level.

    Returns
    -------
    numpy.ndarray, (n_trials, n_windows, n_bands, n_channels)
        Without unit.

    Raises
    ------
    SettingsError
        If `removal` is none of these.
    """
    check_option("removal", removal, REMOVALS)
    if removal in baseline.BASELINES:  # those of the package, which know of kinds too
        pairs = zip(trials.trial[:, :, None], trials.rest[:, :, None], strict=True)
        changed = [baseline.remove_baseline(x, rest, removal)[:, 0] for x, rest in pairs]
        return z_score(np.stack(changed), axis=(2, 3))
    level = trials.rest.mean(axis=1)  # (trial, band, channel)
    if removal == "another":
        # One ring through all trials, so that none keeps its own.
        ring = np.random.default_rng(stable_seed("ring", seed)).permutation(len(level))
        level[ring] = level[np.roll(ring, 1)]
    elif removal == "mean":
        level = np.broadcast_to(level.mean(axis=0), level.shape)
    return z_score(trials.trial - level[:, None], axis=(2, 3))


def shared_ratio(features: np.ndarray) -> float:
    """Estimate rho: how far trials lie apart, beside how far a trial's windows do.

    ``rho^2 = mean over features of tau^2 / s^2``, where s^2 is the variance of windows within a
    trial, tau^2 that of the trials' means less s^2 / n_windows. A level of B independent windows
    alone gives ``rho^2 = 1 / B``; windows share some signal through the filter, which adds to it.

    Parameters
    ----------
    features : numpy.ndarray, (n_trials, n_windows, ...)
        From `remove_baseline`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 50, 20)) + 0.5 * rng.normal(size=(400, 1, 20))
    >>> round(shared_ratio(x), 2)
    0.5
    """
    within = features.var(axis=1, ddof=1).mean(axis=0)
    between = features.mean(axis=1).var(axis=0, ddof=1) - within / features.shape[1]
    return float(np.sqrt(np.maximum(0, np.mean(between / within))))


def expected_accuracy(
    rho: float,
    n_features: int,
    n_trials: int,
    *,
    n_windows: float | None = None,
    n_alike: int = 1,
) -> float:
    """Predict the window-wise accuracy of least squares on random labels of trials.

    ``Phi(rho sqrt(p / K))``, for p features, K trials and windows without number. The weights
    are the labelled mean of the trials' vectors, of squared length ``m = rho^2 p / K``; a
    window's decision has mean m and, from its own noise, variance m: ``z^2 = m``.

    Two things lower it, and are counted where `n_windows` is given. The trials' vectors are not
    quite at right angles, which with many features and trials gives (from the
    Marchenko-Pastur law) ``t (1 + a rho^2 / (1 + t)) = m``, t being the explained variance over
    the unexplained, and a the number of features that a mark comes in. And weights from n = w K
    windows have errors: ``z^2 = t / (1 + p / (n - p) (1 + t) / t)``.

    Parameters
    ----------
    rho : float
        See `shared_ratio`.
    n_features, n_trials : int
        p and K.
    n_windows : float, optional
        w, of each trial on the training side.
    n_alike : int
        a: 1 if a trial's mark is another in each feature, 4 if it is the same in four bands.

    Returns
    -------
    float
        From 0.5 to 1.

    Raises
    ------
    SettingsError
        If there are not more windows in all than features.

    Examples
    --------
    Four bands of 32 channels, 40 trials; then with the 96 windows of a trial that 5 folds leave:

    >>> round(expected_accuracy(0.433, 4 * 32, 40), 2)
    0.78
    >>> round(expected_accuracy(0.433, 4 * 32, 40, n_windows=96), 2)
    0.76
    """
    m = rho**2 * n_features / n_trials
    if n_windows is None or m == 0:
        return float(stats.norm.cdf(np.sqrt(m)))
    spare = n_windows * n_trials - n_features
    if not spare > 0:
        raise SettingsError(
            "n_windows",
            f"got {n_windows:g}: {n_trials} trials have no more windows than there are features, "
            f"{n_features}.",
            f"Give more than {n_features / n_trials:g}.",
        )
    b = m - 1 - n_alike * rho**2
    t = 2 * m / (np.sqrt(b**2 + 4 * m) - b)  # the root above 0, exact for small m too
    z_squared = t / (1 + n_features / spare * (1 + t) / t)
    return float(stats.norm.cdf(np.sqrt(z_squared)))


def pair_error(rho: float, n_features: int) -> float:
    """Predict how often a window lies nearer to one certain other trial than to its own.

    ``Phi(-rho sqrt(p / 2))``: two trials' vectors lie ``rho sqrt(2 p)`` apart, and the border is
    half way. The number of trials hardly matters to a classifier that names them.

    Examples
    --------
    >>> round(pair_error(0.433, 4 * 32), 5)
    0.00027
    """
    return float(stats.norm.cdf(-rho * np.sqrt(n_features / 2)))


def _entropy(signal: np.ndarray, sfreq: float) -> np.ndarray:
    """Differential entropy of one piece of signal, (window, band, channel)."""
    return window_features(signal, sfreq, _ENTROPY)[:, 0]
