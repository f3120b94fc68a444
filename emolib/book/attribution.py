"""What a subject's page may say of what a network uses (METHOD section 8.8).

A map of shares explains a network, not a person: it has no more to say than the network's score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from emolib.evaluation.permutation import ChanceComparison, compare_to_chance
from emolib.evaluation.scores import count_correct

N_ELECTRODES = 3  # named in a sentence: a map is smooth, and ranks further down change easily


def share_sentences(
    explained: xr.Dataset,
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    subject: str,
    *,
    protocol: str,
    tasks: Sequence[str],
) -> list[str]:
    """Name the band and the electrodes with the largest shares, the network's score beside them.

    Parameters
    ----------
    explained : Dataset
        `share (fold, task, band, channel)` and `band_loss (fold, task, band)`, nats.
    predictions, scores : DataFrame
        The study's, or the subject's.
    subject, protocol : str
        Whose test rows, and which networks.
    tasks : sequence of str

    Returns
    -------
    list of str
        One per task.
    """
    own = predictions[(predictions["protocol"] == protocol) & (predictions["stage"] == "pooled")]
    own = own[(own["subject"] == subject) & (own["repeat"] == 0)]
    counts, sentences = count_correct(own), []
    for task in tasks:
        of_task = explained.sel(task=task).mean("fold")
        key = (protocol, "pooled", task)
        if key not in counts or not np.isfinite(of_task["share"]).any():
            sentences.append(f"{task}: none of the explained trials has a label.")
            continue
        beside = compare_to_chance(counts[key], scores, subject, protocol=protocol, task=task)
        sentences.append(share_sentence(task, of_task["share"], of_task["band_loss"], beside))
    return sentences


def share_sentence(
    task: str, share: xr.DataArray, band_loss: xr.DataArray, beside: ChanceComparison
) -> str:
    """Say where one task's shares are largest, and how much that can mean.

    Parameters
    ----------
    task : str
    share : DataArray (band, channel)
        Nats.
    band_loss : DataArray (band)
        What hiding a band costs, nats.
    beside : ChanceComparison
        The network's score on these trials.

    Examples
    --------
    >>> share = xr.DataArray([[0.01, 0.02], [0.2, 0.1]], {"band": ["theta", "alpha"],
    ...                                                   "channel": ["Fz", "Oz"]})
    >>> loss = xr.DataArray([0.0, 0.25], {"band": ["theta", "alpha"]})
    >>> told = share_sentence("arousal", share, loss, ChanceComparison(0.5, 0.3, 0.7, 0.8))
    >>> print(told[:129])
    arousal: The largest share has alpha, +0.300 of +0.330 nats, and in it Fz and Oz have most. \
Hiding all of alpha costs 0.250 nats.
    """
    by_band = share.sum("channel")
    band = str(by_band.idxmax("band").item())
    in_band = share.sel(band=band).to_series().sort_values(ascending=False, kind="stable")
    most, loss = in_band.head(N_ELECTRODES), float(band_loss.sel(band=band))
    told = (
        f"{task}: The largest share has {band}, {float(by_band.max()):+.3f} of "
        f"{float(by_band.sum()):+.3f} nats, and in it {_listed(most.index)} have most. Hiding all "
        f"of {band} {'costs' if loss >= 0 else 'gains'} {abs(loss):.3f} nats. "
    )
    if by_band.max() <= 0:
        told += "No band speaks for the labels on the whole. "
    told += beside.words
    if not beside.above:
        told += " So the map shows what the network uses, not what tells the classes apart."
    return told


def _listed(names: Sequence[object]) -> str:
    *first, last = map(str, names)
    return f"{', '.join(first)} and {last}" if first else last
