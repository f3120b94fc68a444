"""Benches about one signal: filters; differential entropy and power."""

from __future__ import annotations

from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import signal as sps
from scipy import special

from emolib.errors import DataError, SettingsError, check_range
from emolib.features.bands import Band, band_pass
from emolib.features.windows import band_energy, cut_windows, differential_entropy
from emolib.figures.benches.bench import Bench, Choice
from emolib.figures.display import BLUE, GREY, WIDTH, Picture, Table

SECONDS = 4.0  # of a signal that a bench begins with
WHERE = "Choose a signal"


class FilterBench(Bench):
    """A band to drag, and what it makes of a signal.

    Parameters
    ----------
    signal : array, shape (time,)
        Microvolts; its first four seconds are filtered, from rest.
    sfreq : float
        Hz; at least 64.
    channel : str
        What the signal is called.
    **choices
        Where choices start, such as ``low_hz=4, high_hz=8``.

    Raises
    ------
    DataError
        If the signal is shorter than two seconds, or not finite.

    Examples
    --------
    >>> bench = FilterBench(np.sin(np.arange(512.0)), 128, low_hz=4, high_hz=8)
    >>> bench.low_hz, bench.filtering
    (4.0, 'causal')
    """

    module = "filters"
    title = "Filters"
    question = (
        "A causal filter keeps 8 to 14 Hz, and the output is cut into windows of half a second. "
        "What proportion of the energy in such a window entered the filter before the window began?"
    )
    guess_of: ClassVar = {"low": 0, "high": 100, "step": 1, "unit": "%", "start": 10}
    tries = (
        (
            "Narrow the band to 9 to 11 Hz.",
            "The filter rings longer, and more of a window arrived before it.",
            {"low_hz": 9.0, "high_hz": 11.0, "filtering": "causal"},
        ),
        (
            "Filter a step.",
            "The output oscillates although the input does not: the filter rings.",
            {"source": "step", "filtering": "causal"},
        ),
        (
            "Filter a burst in both directions.",
            "The delay is gone, but the output begins before the burst does.",
            {"source": "burst", "filtering": "zero_phase"},
        ),
    )
    source = Choice(
        "own", "Signal", WHERE,
        options={"own": "the recording", "sine": "a sine", "burst": "a burst", "step": "a step",
                 "noise": "white noise"},
    )  # fmt: skip
    frequency = Choice(10.0, "Its frequency", WHERE, low=1, high=45, step=0.5, unit="Hz")
    low_hz = Choice(8.0, "From", "Drag the band", low=0.5, high=44, step=0.5, unit="Hz")
    high_hz = Choice(14.0, "To", "Drag the band", low=1.5, high=45, step=0.5, unit="Hz")
    order = Choice(3.0, "Order", "Set the filter", low=1, high=6, step=1)
    filtering = Choice(
        "causal", "Direction", "Set the filter",
        options={"causal": "causal", "zero_phase": "zero-phase"},
    )  # fmt: skip
    window = Choice(0.5, "Window", "Set the filter", low=0.25, high=2, step=0.25, unit="s")

    def __init__(
        self, signal: np.ndarray, sfreq: float, *, channel: str = "EEG", **choices: object
    ):
        first = _piece(signal, sfreq, SECONDS)
        most = min(45, int(sfreq / 2 - 1))
        rules = {"high_hz": {"high": most}, "low_hz": {"high": most - 1}}
        numbers = {"signal": first.tolist(), "sfreq": float(sfreq), "channel": channel, "seed": 2}
        super().__init__(numbers, rules, **choices)
        if not self.low_hz + 1 <= self.high_hz:
            problem = f"{self.low_hz:g} to {self.high_hz:g} Hz is no band of one Hz or more."
            raise SettingsError("low_hz, high_hz", problem, "Give the lower limit first.")

    def still(self) -> tuple[Picture, Table, str]:
        """Return input, output and gain, and the answer for white noise."""
        x, sfreq = np.array(self.spec["signal"]), self.spec["sfreq"]
        band, how = Band("", self.low_hz, self.high_hz), {"filtering": self.filtering}
        y = band_pass(x, sfreq, band, order=int(self.order), **how)
        seconds = np.arange(len(x)) / sfreq
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.plot(seconds, x, "-", color=GREY, label=f"input, {self.spec['channel']}")
        ax.plot(seconds, y, "-", color=BLUE, label="output")
        ax.set(xlabel="time (s)", ylabel="µV", xlim=(0, 2))
        ax.legend()
        rms = np.sqrt((cut_windows(y, round(self.window * sfreq)) ** 2).mean(axis=-1))
        limits = f"{self.low_hz:g} to {self.high_hz:g} Hz"
        picture = Picture(
            figure,
            alt=f"Input and output of a filter, {limits}; the output's first window has "
            f"{rms[0]:.1f} µV, the others {rms[1:].mean():.1f} µV.",
            caption=f"A {self.filtering.replace('_', '-')} filter, {limits}, of the recording.",
        )
        index = pd.Index([f"{each:g}" for each in self.window * np.arange(len(rms))])
        columns = {"root mean square (µV)": [f"{each:.2f}" for each in rms]}
        frame = pd.DataFrame(columns, index=index.rename("window begins (s)"))
        table = Table(frame, caption="The output in each window")
        share = energy_before(sfreq, band, self.filtering, int(self.order), self.window)
        return picture, table, f"{share:.0%}, for white noise as the input.".replace("%", " %")


def energy_before(
    sfreq: float, band: Band, filtering: str, order: int, window_seconds: float
) -> float:
    """Compute the share of a window's filtered energy that stems from outside the window.

    The input is white noise: what an input sample adds to the output's expected energy is the
    square of the impulse response at the lag between them.

    Examples
    --------
    A wide filter hardly rings:

    >>> wide, narrow = (energy_before(128, Band("", 10, high), "causal", 3, 0.5)
    ...                 for high in (45, 12))
    >>> bool(wide < 0.1), bool(narrow > 0.5)
    (True, True)
    """
    middle = round(SECONDS * sfreq)
    impulse = sps.unit_impulse(2 * middle, middle)
    energy = band_pass(impulse, sfreq, band, filtering=filtering, order=order) ** 2
    n = round(window_seconds * sfreq)
    within = [energy[middle + t - n + 1 : middle + t + 1].sum() for t in range(n)]
    return float(1 - np.mean(within) / energy.sum())


class EntropyBench(Bench):
    """Differential entropy and power of a window, and how far their estimate scatters.

    Parameters
    ----------
    signal : array, shape (time,)
        Microvolts, four seconds or more.
    sfreq : float
        Hz.
    **choices
        Where choices start.

    Raises
    ------
    DataError
        If the signal is shorter than four seconds, or not finite.
    """

    module = "entropy"
    title = "Differential entropy and power"
    question = (
        "Differential entropy is estimated from the samples of one window of Gaussian noise. How "
        "many samples does the window need, so that the standard deviation of the estimate is 0.1 "
        "nats or less?"
    )
    guess_of: ClassVar = {"low": 8, "high": 500, "step": 1, "unit": "samples", "start": 200}
    tries = (
        (
            "Take a sine of 20 µV with hardly any noise, then halve its amplitude.",
            "DE falls by ln 2 = 0.69 nats, whatever the amplitude was.",
            {"source": "sine", "amplitude": 20.0, "noise": 0.5},
        ),
        (
            "Make the sine slower than the window: 1 Hz in a quarter of a second.",
            "The window has a mean: energy counts it and DE does not, so points leave the line.",
            {"source": "sine", "frequency": 1.0, "window": 0.25, "amplitude": 20.0},
        ),
        (
            "Turn the sine off.",
            "Only noise is left. Its histogram follows the Gaussian, and its density is flat.",
            {"source": "sine", "amplitude": 0.0, "noise": 10.0, "window": 4.0},
        ),
    )
    source = Choice(
        "sine", "Signal", "Make a signal", options={"sine": "sine in noise", "own": "the recording"}
    )
    amplitude = Choice(10.0, "Amplitude", "Make a signal", low=0, high=30, step=0.5, unit="µV")
    frequency = Choice(10.0, "Frequency", "Make a signal", low=1, high=45, step=0.5, unit="Hz")
    noise = Choice(5.0, "Noise", "Make a signal", low=0.5, high=30, step=0.5, unit="µV")
    window = Choice(
        1.0, "Window", "Set the window, and draw", low=0.25, high=4, step=0.25, unit="s"
    )

    def __init__(self, signal: np.ndarray, sfreq: float, **choices: object):
        own = _piece(signal, sfreq, 3 * SECONDS, SECONDS)
        numbers = {"signal": own.tolist(), "sfreq": float(sfreq), "seed": 3}
        super().__init__(numbers, **choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return the exact scatter of the estimate, and one window's entropy and energy."""
        n = np.unique(np.geomspace(6, 600, 60).round())
        exact = entropy_scatter(n)
        enough = int(n_samples_for(0.1))
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.semilogx(n, exact, "-", color=BLUE)
        ax.axhline(0.1, color=GREY, linestyle=":")
        ax.set(xlabel="samples of a window", ylabel="standard deviation (nats)")
        picture = Picture(
            figure,
            alt=f"The scatter falls from {exact[0]:.2f} nats at {n[0]:.0f} samples to "
            f"{exact[-1]:.2f} at {n[-1]:.0f}; it is 0.1 at {enough}.",
            caption="How far the differential entropy of Gaussian noise scatters.",
        )
        windows = cut_windows(np.array(self.spec["signal"]), round(self.spec["sfreq"]))
        entropy, energy = differential_entropy(windows), band_energy(windows)
        columns = {"DE (nats)": entropy, "half the log energy": 0.5 * np.log(energy)}
        frame = pd.DataFrame(columns).map("{:.3f}".format)
        frame.index = pd.Index([f"{i}" for i in range(len(frame))], name="window begins (s)")
        table = Table(frame, caption="The recording: two numbers a constant apart")
        return picture, table, f"{enough} samples, however strong the noise is."


def entropy_scatter(n: np.ndarray) -> np.ndarray:
    """Compute how far the differential entropy of n samples of Gaussian noise scatters, in nats.

    The variance of n samples, times (n - 1), is a chi-squared variable; the variance of its
    logarithm is trigamma((n - 1) / 2), and entropy is half of that logarithm.
    """
    return 0.5 * np.sqrt(special.polygamma(1, (n - 1) / 2))


def n_samples_for(deviation: float) -> int:
    """Count the samples of noise whose entropy scatters by no more than a deviation, in nats.

    Examples
    --------
    >>> n_samples_for(0.1)
    52
    """
    n = np.arange(3, 100_000)
    return int(n[entropy_scatter(n) <= deviation][0])


def _piece(signal: np.ndarray, sfreq: float, most: float, least: float = 2.0) -> np.ndarray:
    """Return the beginning of a signal, in hundredths of a microvolt, or say why it cannot be."""
    check_range("sfreq", sfreq, 64, 100_000)
    first = np.asarray(signal, float)[: round(most * sfreq)]
    if first.ndim != 1 or len(first) < round(least * sfreq):
        problem = f"has the shape {np.shape(signal)}; one row of {least:g} s or more is needed."
        raise DataError("signal", problem, "Give one channel of a longer trial.")
    if not np.isfinite(first).all():
        raise DataError("signal", "holds NaN or infinity.", "Give a piece without gaps.")
    return first.round(2)
