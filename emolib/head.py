"""A standard head: where electrodes of the 10-05 system lie on it.

The montage `colin27_1005` was measured on the head of one man who was scanned 27 times
(https://doi.org/10.1097/00004728-199803000-00032); MNE ships it.
"""

from __future__ import annotations

from collections.abc import Sequence

import mne

from emolib.checks import DataError

MONTAGE = "colin27_1005"


def standard_head(channels: Sequence[str]) -> mne.Info:
    """Describe electrodes for MNE, each with its place on the standard head.

    Parameters
    ----------
    channels : sequence of str
        Names of the montage `colin27_1005`, in any case; SEED's CB1 and CB2 are known too.

    Returns
    -------
    mne.Info
        ``info["chs"][i]["loc"][:3]``: metres to the right, to the front and upwards, in MNE's head
        coordinates, from a point between the ears.

    Raises
    ------
    DataError
        If a channel is not in the montage.

    Examples
    --------
    >>> info = standard_head(["T7", "T8"])
    >>> bool(info["chs"][0]["loc"][0] < 0 < info["chs"][1]["loc"][0])
    True
    """
    info = mne.create_info([*channels], sfreq=1.0, ch_types="eeg", verbose="error")
    try:
        info.set_montage(MONTAGE, match_case=False, match_alias=True, verbose="error")
    except ValueError as error:
        problem = f"not all are in the montage {MONTAGE} ({error})".split("\n\nConsider")[0]
        remedy = "Leave out the channels named, or rename them."
        raise DataError("channels", " ".join(problem.split()), remedy) from None
    return info
