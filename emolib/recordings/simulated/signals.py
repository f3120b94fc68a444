"""The simulated signal: one trial, source by source, until it is a potential at an electrode.

At channel c, in microvolts (`simulated` says what drives it)::

    x_c = CAR[ g_c ( sum_s M_cs a_s exp(l_s(t)/2) n_s(t)                rhythms
                   + sum_b B_cb beta_b exp(l_b(t)/2) n_b(t)             background
                   + 1.6 exp(eta_c(t)/2) w_c(t)                         sensor noise
                   + 3.5 h_c exp(eps_c(t)/2) m_c(t) ) ]                 muscle

M, B are topographies (dimensionless), a and beta amplitudes (microvolts), g a channel's gain, h
how near it is to muscle, CAR takes away the mean over channels as DEAP does. n, w and m are
Gaussian noises of unit RMS, each with its own spectrum between 4 and 45 Hz; l, eta and eps are
natural log-powers that wander, so that no trial is like another, emotion or not. All arrays of
"noises" have these four kinds of rows, in this order.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import scipy  # its parts, which take up to a second, load when they are first used

from emolib.grid import DEAP_CHANNELS
from emolib.recordings.simulated import dipoles
from emolib.recordings.simulated.dipoles import N_PLACES, head, topographies

SFREQ = 128.0
BASELINE_SECONDS = 3.0
KNOT = 16  # samples: log-powers are slow, so they are drawn 8 times a second and joined by lines
N_CHANNELS, N_BACKGROUND = len(DEAP_CHANNELS), 40

# band: centre and width (Hz, of the Gaussian amplitude spectrum), and how much subjects differ
# in it (standard deviation of log amplitude). Alpha is centred on the subject's own frequency.
BANDS_SIMULATED = {
    "theta": (6.0, 0.9, 0.25),
    "alpha": (10.0, 0.9, 0.45),
    "beta": (20.0, 4.0, 0.25),
    "gamma": (38.0, 4.0, 0.30),
}
BACKGROUND_UV, SENSOR_UV, MUSCLE_UV = 2.6, 1.6, 3.5
DRIFT, DRIFT_SECONDS = 0.35, 8.0  # standard deviation of log-power, time constant
MUSCLE_DRIFT, MUSCLE_DRIFT_SECONDS = 1.5 * DRIFT, 3.0

# The peripheral rows of a DEAP file, as band-limited noise: offset, RMS, lowest and highest Hz.
# They fill their places and mean nothing.
PERIPHERAL = {
    "hEOG": (0.0, 60.0, 0.2, 6.0),
    "vEOG": (0.0, 90.0, 0.2, 6.0),
    "zEMG": (0.0, 20.0, 20.0, 60.0),
    "tEMG": (0.0, 15.0, 20.0, 60.0),
    "GSR": (2000.0, 300.0, 0.02, 0.3),
    "respiration": (0.0, 1500.0, 0.2, 0.3),
    "plethysmograph": (0.0, 1000.0, 1.0, 1.4),
    "temperature": (33.0, 0.1, 0.02, 0.1),
}


# One subject's head


def draw_traits(rng: np.random.Generator, effect_spread: float = 1.6) -> SimpleNamespace:
    """Draw what stays the same over a subject's trials, under the names of the equation.

    `M` (channel, rhythm), `a` (rhythm,), `B_beta` (channel, background), `g` and `h` (channel,),
    `alpha_hz`, `chi` (background,) the exponents of 1/f, `slope` (band,) the session's drift,
    `kV` and `kA` (rhythm,) the sizes of the emotion effects, `wV` and `wA` (rhythm,) their
    strength and sign in this subject (standard deviation `effect_spread`), and `band_of`
    (rhythm,), the row of `BANDS_SIMULATED`.
    """
    table, outward = dipoles.rhythms(), head().outward
    n_rhythms = len(table)
    band_of = table["band"].map(list(BANDS_SIMULATED).index).to_numpy()
    tilt = rng.uniform(-0.35, 0.35, (n_rhythms, 3))
    places = n_rhythms + rng.choice(N_PLACES, N_BACKGROUND, replace=False)
    jitter = rng.normal(0, [sd for _, _, sd in BANDS_SIMULATED.values()])[band_of]
    jitter += rng.normal(0, 0.3, n_rhythms)
    turned = rng.normal(0, 0.5, (N_BACKGROUND, 3))
    beta = BACKGROUND_UV * np.exp(rng.normal(0, 0.3, N_BACKGROUND))
    return SimpleNamespace(
        band_of=band_of,
        M=topographies(np.arange(n_rhythms), outward[:n_rhythms] + tilt),
        a=table["amplitude"].to_numpy() * np.exp(jitter),
        B_beta=topographies(places, outward[places] + turned) * beta,
        g=np.exp(rng.normal(0, 0.08, N_CHANNELS)),
        h=dipoles.muscle_weights(),
        alpha_hz=float(np.clip(rng.normal(10.0, 0.9), 8.3, 12.2)),
        chi=rng.normal(1.2, 0.2, N_BACKGROUND),
        slope=rng.normal(0, 0.5, len(BANDS_SIMULATED)),
        wV=rng.normal(1.0, effect_spread, n_rhythms),
        wA=rng.normal(1.0, effect_spread, n_rhythms),
        kV=table["kV"].to_numpy(),
        kA=table["kA"].to_numpy(),
    )


def amplitude_spectra(traits: SimpleNamespace, n_samples: int) -> np.ndarray:
    """Return amplitude spectra (noise, frequency), float32, that give noises of unit RMS.

    They are for a Fourier transform at least 4 s longer than the trial: it makes noise go round
    in a circle, and the trial's end must not join its beginning.

    Examples
    --------
    >>> spectra = amplitude_spectra(draw_traits(np.random.default_rng(0)), n_samples=8064)
    >>> spectra.shape[1] == 8640 // 2 + 1
    True
    """
    n_fft = 2 * scipy.fft.next_fast_len((n_samples + 512 + 1) // 2, real=True)
    hz = scipy.fft.rfftfreq(n_fft, 1 / SFREQ)
    hz[0] = hz[1]  # a power law must not divide by 0; the band-pass takes it away anyway
    centre, width, _ = np.array(list(BANDS_SIMULATED.values()))[traits.band_of].T[..., None]
    alpha = traits.band_of == list(BANDS_SIMULATED).index("alpha")
    centre[alpha] = traits.alpha_hz
    rhythm = np.exp(-0.5 * ((hz - centre) / width) ** 2)
    rhythm[alpha] += 0.15 * np.exp(-0.5 * ((hz - 2 * traits.alpha_hz) / 1.8) ** 2)  # harmonic
    background = hz ** (-traits.chi[:, None] / 2)
    sensor = np.ones((N_CHANNELS, len(hz)))
    shape = np.vstack([rhythm, background, sensor, sensor * (hz > 15)])
    shape /= np.sqrt(1 + (4 / hz) ** 16 + (hz / 45) ** 32)  # DEAP is published at 4-45 Hz
    return (shape * (n_fft / 2) / np.linalg.norm(shape, axis=1, keepdims=True)).astype("f4")


# One trial


def simulate_trial(
    rng: np.random.Generator,
    traits: SimpleNamespace,
    spectra: np.ndarray,
    n_samples: int,
    during_video: np.ndarray,
    session: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate one trial, its 3 s of baseline first.

    Parameters
    ----------
    rng, traits, spectra
        The trial's own generator; `draw_traits`; `amplitude_spectra`.
    n_samples : int
        Samples at 128 Hz, baseline included.
    during_video : array, (rhythm,)
        Log-power that emotion and video add. It sets in over the video's first 4 s.
    session : float
        When in the session the trial was shown, from -1/2 to 1/2.

    Returns
    -------
    x : array, (channel, sample)
        Microvolts, float32, common average reference.
    states : array, (2, noise)
        The trial's own log-power in baseline and video: what makes trials identifiable.
    """
    n_rhythms, n_knots = len(traits.a), -(-n_samples // KNOT) + 1
    seconds = np.arange(n_knots) * KNOT / SFREQ
    fade = np.clip(seconds - (BASELINE_SECONDS - 0.5), 0, 1)
    ramp = np.clip((seconds - BASELINE_SECONDS) / 4, 0, 1)
    states = _trial_states(rng, traits.band_of)
    log_power = states[0][:, None] * (1 - fade) + states[1][:, None] * fade
    log_power += _slow_drift(rng, len(log_power), n_knots)
    log_power[:n_rhythms] += session * traits.slope[traits.band_of, None]
    log_power[:n_rhythms] += during_video[:, None] * ramp

    coefficients = rng.standard_normal((*spectra.shape, 2), dtype="f4").view("c8")[..., 0]
    coefficients *= spectra
    noise = scipy.fft.irfft(coefficients, 2 * (spectra.shape[1] - 1), axis=1, overwrite_x=True)
    noise = noise[:, :n_samples] * _between_knots(np.exp(log_power / 2).astype("f4"), n_samples)
    n_sources = n_rhythms + N_BACKGROUND
    sources, w, m = np.split(noise, [n_sources, n_sources + N_CHANNELS])
    mixing = np.hstack([traits.M * traits.a, traits.B_beta]).astype("f4")
    # Not `@`, whose last bits depend on the number of threads: a file must not.
    x = np.einsum("cs,st->ct", mixing, sources)
    x += SENSOR_UV * w + (MUSCLE_UV * traits.h[:, None]).astype("f4") * m
    x *= traits.g[:, None].astype("f4")
    return x - x.mean(axis=0), states


def _trial_states(rng: np.random.Generator, band_of: np.ndarray) -> np.ndarray:
    """Draw the log-power (2, noise) of a trial's baseline and video, which correlate by 0.5."""
    sizes = [len(BANDS_SIMULATED), len(band_of), N_BACKGROUND, N_CHANNELS, 1, N_CHANNELS]
    shared, own = np.split(rng.standard_normal((3, sum(sizes))), [1])
    parts = np.split(np.sqrt(0.5) * (shared + own), np.cumsum(sizes)[:-1], axis=1)
    band, source, background, sensor, muscle, muscle_channel = parts
    rhythm = 0.45 * band[:, band_of] + 0.45 * source
    muscle = 0.9 * muscle + 0.63 * muscle_channel
    return np.hstack([rhythm, 0.25 * background, 0.9 * sensor, muscle])


def _slow_drift(rng: np.random.Generator, n_noises: int, n_knots: int) -> np.ndarray:
    """Draw Ornstein-Uhlenbeck paths (noise, knot): they wander off and are drawn back to 0."""
    muscle = np.arange(n_noises) >= n_noises - N_CHANNELS
    paths = rng.standard_normal((n_noises, n_knots))
    muscles = (muscle, MUSCLE_DRIFT, MUSCLE_DRIFT_SECONDS)
    for rows, size, seconds in ((~muscle, DRIFT, DRIFT_SECONDS), muscles):
        memory = np.exp(-KNOT / SFREQ / seconds)
        steps = size * paths[rows]
        steps[:, 1:] *= np.sqrt(1 - memory**2)  # the first already has the stationary spread
        paths[rows] = scipy.signal.lfilter([1.0], [1.0, -memory], steps)
    return paths


def _between_knots(values: np.ndarray, n_samples: int) -> np.ndarray:
    """Join (noise, knot) by straight lines: (noise, sample)."""
    part = np.arange(KNOT, dtype=values.dtype) / KNOT
    lines = values[:, :-1, None] * (1 - part) + values[:, 1:, None] * part
    return lines.reshape(len(values), -1)[:, :n_samples]


def simulate_peripheral(rng: np.random.Generator, n_samples: int) -> np.ndarray:
    """Simulate the rows (8, sample) that a trial of a DEAP file has after the EEG.

    Examples
    --------
    >>> simulate_peripheral(np.random.default_rng(0), n_samples=640).shape
    (8, 640)
    """
    n_fft = scipy.fft.next_fast_len(max(n_samples, 8064), real=True)  # a minute: slow rows need it
    offset, rms, low, high = np.array(list(PERIPHERAL.values())).T[..., None]
    hz = scipy.fft.rfftfreq(n_fft, 1 / SFREQ)
    coefficients = rng.standard_normal((len(PERIPHERAL), len(hz), 2)).view(complex)[..., 0]
    noise = scipy.fft.irfft(coefficients * ((hz >= low) & (hz <= high)), n_fft, axis=-1)
    return offset + (noise * rms / noise.std(axis=-1, keepdims=True))[:, :n_samples]
