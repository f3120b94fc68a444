"""A simulated cohort: EEG whose truth is known, in DEAP's units, shapes and file format.

It needs no licence and no download, gives a truth to recover, and with ``effect=0`` a null on
which an honest evaluation must find nothing. The potentials at the electrodes are a sum of
rhythms, background, sensor noise and muscle (`signals` has the equation; the sources
are a table in `dipoles`). Emotion changes a rhythm's power only: the natural log-power
of rhythm s, subject i, trial k is::

    l_s(t) = trial state + session drift + slow drift
             + ramp(t) [ eV kV_s wV_is zV_ik + eA kA_s wA_is zA_ik + stimulus_response r_ks ]

- z = (felt rating - 5.2) / 2, for valence and arousal. Ratings are on DEAP's scale, 1-9.
- eV, eA: the effect on each scale, a setting; 0 is none.
- kV, kA: sizes, the same in all subjects; wV, wA ~ N(1, effect_spread): a subject's own strength
  and sign, source by source (with a spread of 1.6, 27 % of the subjects are reversed in each).
- r: what video k does to everyone's rhythms, whatever they feel: a response to the stimulus that
  no held-out subject can unmask.
- ramp: 0 in the 3 s of baseline, 1 from the video's 4th second on.

No draw depends on `effect` or `stimulus_response`: cohorts that differ only in these are paired,
noise for noise. Trial k is the same whatever `n_trials` is, a subject the same whatever
`n_subjects` is. The sizes are chosen: none is an estimate of DEAP's.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import xarray as xr

from emolib.errors import DataError, check_range
from emolib.grid import DEAP_CHANNELS
from emolib.recordings import deap
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    build,
    check_subject,
    subject_name,
    wrong_folder,
)
from emolib.recordings.simulated import ratings, signals
from emolib.recordings.simulated.dipoles import rhythms
from emolib.recordings.simulated.ratings import CENTRE, FELT_SCALES, SimulationSettings, stream
from emolib.recordings.simulated.signals import BANDS_SIMULATED, BASELINE_SECONDS, SFREQ
from emolib.storage import atomic, write_mat

RANDOMISED_ORDER = True  # as in DEAP
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None
TITLE = "a simulated subject in DEAP's layout"

_EXPECTED = "s01.mat and truth/sub-01.nc"
_SIMULATE = "Simulate the subject again: `emolib.recordings.simulated.write_subject` writes it."


# A subject


def simulate_subject(settings: SimulationSettings, subject: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Return one subject's recording, and the truth behind it.

    Parameters
    ----------
    settings : SimulationSettings
    subject : int
        From 1 to `settings.n_subjects`.

    Returns
    -------
    recording : Dataset
        `eeg` and `baseline`, microvolts, float32, and `rating`: what `read` gives.
    truth : Dataset
        What a recovered map or a classifier can be compared with; each variable says what it is.

    Raises
    ------
    SettingsError
        If the cohort has no such subject.

    Examples
    --------
    >>> settings = SimulationSettings(n_trials=4, trial_seconds=2)
    >>> recording, truth = simulate_subject(settings, subject=1)
    >>> recording["eeg"].dims, recording["eeg"].shape
    (('trial', 'channel', 'time'), (4, 32, 256))
    >>> truth["kA"].sel(source=["alpha O1", "gamma T7"]).values.tolist()
    [-0.31, 0.255]
    """
    check_range("subject", subject, 1, settings.n_subjects)
    rated = ratings.simulate_ratings(settings, subject)
    rng = stream(settings, ratings.TRAITS, subject)
    traits = signals.draw_traits(rng, settings.effect_spread)
    n_baseline = int(BASELINE_SECONDS * SFREQ)
    n_samples = n_baseline + settings.trial_samples
    spectra = signals.amplitude_spectra(traits, n_samples)

    trials = rated["trial"].to_numpy()
    zV, zA = ((rated["felt"].to_numpy() - CENTRE) / 2).T
    during_video = settings.effect["valence"] * np.outer(zV, traits.kV * traits.wV)
    during_video += settings.effect["arousal"] * np.outer(zA, traits.kA * traits.wA)
    during_video += settings.stimulus_response * rated["r"].to_numpy()
    eeg = np.empty((settings.n_trials, len(DEAP_CHANNELS), n_samples), np.float32)
    session, states = np.empty(settings.n_trials), []
    for row, trial in enumerate(trials):
        rng = stream(settings, ratings.SIGNALS, subject, trial)
        session[row] = rng.uniform(-0.5, 0.5)  # shown in random order, stored in video order
        eeg[row], state = signals.simulate_trial(
            rng, traits, spectra, n_samples, during_video[row], session[row]
        )
        states.append(state[:, : len(traits.a)])

    recording = build(
        eeg[..., n_baseline:],
        channels=DEAP_CHANNELS,
        sfreq=SFREQ,
        dataset="simulated",
        subject=subject_name(subject),
        trials=trials,
        baseline=eeg[..., :n_baseline],
        ratings=dict(zip(deap.SCALES, rated["rating"].to_numpy().T, strict=True)),
    )
    return recording, _truth(settings, subject, rated, traits, session, np.array(states))


def _truth(settings, subject, rated, traits, session, states) -> xr.Dataset:
    """Return what was drawn, so that a chapter can compare with it what it recovers."""
    table = rhythms()
    pattern = traits.g[:, None] * traits.M * traits.a
    centres = [BANDS_SIMULATED[band][0] for band in table["band"]]
    frequency = np.where(table["band"] == "alpha", traits.alpha_hz, centres)
    zV, zA = ((rated["felt"].to_numpy() - CENTRE) / 2).T
    variables = {
        "topography": ("source channel", traits.M.T, "scalp pattern, maximum 1, no reference"),
        "amplitude": ("source", traits.a, "RMS at the best electrode at log-power 0, uV"),
        "pattern": ("source channel", (pattern - pattern.mean(axis=0)).T, "as recorded, RMS uV"),
        "frequency": ("source", frequency, "Hz"),
        "iaf": ("", traits.alpha_hz, "individual alpha frequency, Hz"),
        "kV": ("source", traits.kV, "log-power per unit of eV * wV * zV"),
        "kA": ("source", traits.kA, "log-power per unit of eA * wA * zA"),
        "wV": ("source", traits.wV, "the subject's strength and sign of valence's effect"),
        "wA": ("source", traits.wA, "the subject's strength and sign of arousal's effect"),
        "zV": ("trial", zV, "felt valence, centred"),
        "zA": ("trial", zA, "felt arousal, centred"),
        "session": ("trial", session, "when the trial was shown, -1/2 first to 1/2 last"),
        "state": ("trial part source", states, "the trial's own log-power"),
        "slope": ("band", traits.slope, "log-power per session"),
        "gain": ("channel", traits.g, "of the amplifier"),
        "muscle": ("channel", traits.h, "how strongly an electrode picks up muscle"),
    }
    kept = dataclasses.asdict(settings)
    del kept["n_subjects"]  # a subject is the same in a larger cohort, to the byte
    for name, (dims, data, about) in variables.items():
        variables[name] = (dims.split(), data, {"about": about})
    return xr.Dataset(
        variables,
        {
            "source": table["source"].to_list(),
            "band_of_source": ("source", table["band"].to_list()),
            "electrode": ("source", table["electrode"].to_list()),
            "channel": list(DEAP_CHANNELS),
            "band": list(BANDS_SIMULATED),
            "part": ["baseline", "video"],
        },
        {"subject": subject_name(subject), "settings": json.dumps(kept)},
    ).merge(rated)


# Files, in DEAP's format


def write_subject(settings: SimulationSettings, subject: int, folder: str | Path) -> Path:
    """Write one subject as DEAP's release would, and the truth beside it.

    ::

        folder/
          s01.mat             data (trial, 40 channels, sample), labels (trial, 4), float64
          truth/sub-01.nc     the second dataset of `simulate_subject`

    The same settings give the same bytes. A file is there whole or not at all; the `.mat` comes
    last, so where it is, its truth is.

    Returns
    -------
    Path
        The `.mat` file.
    """
    recording, truth = simulate_subject(settings, subject)
    path = Path(folder) / f"s{subject:02d}.mat"
    with atomic(_truth_file(folder, truth.attrs["subject"])) as temporary:
        temporary.write_bytes(truth.to_netcdf(engine="h5netcdf"))
    eeg = np.concatenate([recording["baseline"], recording["eeg"]], axis=-1)
    trials = recording["trial"].to_numpy()
    rngs = [stream(settings, ratings.PERIPHERALS, subject, trial) for trial in trials]
    others = [signals.simulate_peripheral(rng, eeg.shape[-1]) for rng in rngs]
    data = np.concatenate([eeg, others], axis=1, dtype=float)
    write_mat(path, {"data": data, "labels": recording["rating"].to_numpy()}, TITLE)
    return path


def subjects(root: str | Path) -> list[str]:
    """List the subjects of a simulated cohort, in numeric order."""
    try:
        return deap.subjects(root)
    except DataError:
        raise wrong_folder(root, "simulated subject", _EXPECTED, _SIMULATE) from None


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return the two files of a subject: the recording and the truth."""
    check_subject(root, subject, subjects(root))
    return [*deap.sources(root, subject), _truth_file(root, subject)]


def read(root: str | Path, subject: str) -> xr.Dataset:
    """Read a simulated recording with DEAP's reader; the truth knows the shape it must have."""
    path, _ = sources(root, subject)
    settings = json.loads(read_truth(root, subject).attrs["settings"])
    samples = int(settings["trial_seconds"] * SFREQ)
    layout = deap.DeapLayout(n_trials=settings["n_trials"], trial_samples=samples)
    return deap.read_deap(path, layout).assign_attrs(dataset="simulated")


def read_truth(root: str | Path, subject: str) -> xr.Dataset:
    """Read what is true of a simulated subject, see `simulate_subject`."""
    path = _truth_file(root, subject)
    if not path.is_file():
        raise DataError(path, "is missing: the truth of a simulated subject.", _SIMULATE)
    try:
        return xr.load_dataset(path, engine="h5netcdf")
    except Exception as error:  # h5py raises almost anything at a damaged file
        raise DataError(path, f"is damaged ({type(error).__name__}).", _SIMULATE) from error


def expected_power(truth: xr.Dataset) -> xr.DataArray:
    """Return the power of a simulated subject's rhythms alone: (trial, band, channel), uV^2.

    Rhythms are independent, so their powers add up: in trial k at channel c in band b it is the
    sum over b's rhythms s of ``pattern_sc^2 exp(gain_s z_k)``, z the felt emotion once it has set
    in (4 s into the video). Background, muscle, sensor noise and the trials' other changes are
    left out: it is the map as it would be if there were rhythms and emotion and nothing else.

    Examples
    --------
    >>> settings = SimulationSettings(n_trials=4, trial_seconds=2, effect=0)
    >>> power = expected_power(simulate_subject(settings, subject=1)[1])
    >>> power.shape, bool((power == power[0]).all())  # without an effect all trials are alike
    ((4, 4, 32), True)
    """
    felt = xr.concat([truth[f"z{scale[0].upper()}"] for scale in FELT_SCALES], dim="scale")
    power = sum_over_rhythms(truth, np.exp((emotion_gain(truth) * felt).sum("scale")))
    return power.transpose("trial", "band", "channel").assign_attrs(units="uV^2")


def emotion_gain(truth: xr.Dataset) -> xr.DataArray:
    """Return how much the log power of each source rises per unit of felt emotion (two points of
    rating): (scale, source), nats.
    """
    effect = json.loads(truth.attrs["settings"])["effect"]
    initials = {scale: scale[0].upper() for scale in FELT_SCALES}
    gains = [effect[s] * truth[f"k{i}"] * truth[f"w{i}"] for s, i in initials.items()]
    return xr.concat(gains, dim=xr.Variable("scale", list(FELT_SCALES)))


def sum_over_rhythms(truth: xr.Dataset, weights: xr.DataArray) -> xr.DataArray:
    """Add up the power (uV^2) of the sources in each band, weighted: (..., band, channel)."""
    bands = truth["band"].to_numpy().tolist()
    member = np.array(bands)[:, None] == truth["band_of_source"].to_numpy()
    in_band = xr.DataArray(member.astype(float), {"band": bands}, ("band", "source"))
    return xr.dot(in_band, weights, truth["pattern"] ** 2, dim="source")


def _truth_file(root: str | Path, subject: str) -> Path:
    return Path(root) / "truth" / f"{subject}.nc"
