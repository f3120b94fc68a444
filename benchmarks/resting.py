"""Make the extract of people at rest that chapter 9 shows: `python -m benchmarks.resting`.

It needs the recordings of `emolib.recordings.eegmat`, and writes the file that
`emolib.recordings.eegmat.resting_features` reads.
"""

from __future__ import annotations

import numpy as np

from emolib.features.extraction import FeatureSettings, window_features
from emolib.recordings import eegmat

BASELINE_SECONDS, PIECE_SECONDS = 3.0, 15.0  # of each piece; the first is a part of the second
ENTROPY = FeatureSettings(kinds=("de",), baseline="none", normalise="none")


def pieces(subject: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the DE of a person's baseline intervals and trials, and the channels.

    Both are (piece, window, band, channel), in nats, and filtered apart.
    """
    recording = eegmat.read(eegmat.default_root(), subject, trial_seconds=PIECE_SECONDS)
    resting = recording["class"].sel(task="condition").to_numpy() == "rest"
    signals = recording["eeg"].transpose("trial", "channel", "time").to_numpy()[resting]
    sfreq = float(recording.attrs["sfreq"])
    parts = np.split(signals, [round(BASELINE_SECONDS * sfreq)], axis=2)
    rest, de = (
        np.stack([window_features(each, sfreq, ENTROPY)[:, 0] for each in part]) for part in parts
    )
    return rest, de, recording["channel"].to_numpy().tolist()


def main() -> None:
    """Write the extract of the first eight people."""
    rest, de, channels = zip(*map(pieces, eegmat.SAMPLE), strict=True)
    if len(set(map(tuple, channels))) > 1:
        raise SystemExit("The people have different channels.")
    n_pieces = min(map(len, de))  # one person's rest is a few seconds shorter
    steps = {
        name: np.round(np.stack([each[:n_pieces] for each in values]) / eegmat.RESTING_STEP).astype(
            np.int16
        )
        for name, values in (("rest", rest), ("de", de))
    }
    bands = [band.name for band in ENTROPY.bands]
    names = {"subject": eegmat.SAMPLE, "band": bands, "channel": channels[0]}
    np.savez_compressed(eegmat.RESTING, **steps, **names)
    print(f"{eegmat.RESTING.name}: {eegmat.RESTING.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
