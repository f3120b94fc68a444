"""What MNE takes on trust of EDF and BDF files: that they are whole, and without a gap.

The header is text: bytes 0-7 the kind, 184-191 its own size, 192-196 "EDF+D" or "BDF+D" where there
may be gaps, 236-243 the number of data records, 244-251 a record's seconds, 252-255 the number of
signals; then 16 bytes a signal its name and, 216 bytes a signal further on, in 8 bytes each the
samples a record.
"""

from __future__ import annotations

import re
from pathlib import Path

from emolib.errors import DataError
from emolib.recordings.arrays import COPY_AGAIN

KINDS = {b"0": ".edf", b"\xffBIOSEMI": ".bdf"}
LEAST_GAP = 0.002  # seconds: record times may be rounded
_TIME = re.compile(rb"^([+-]\d+(?:\.\d*)?)\x14")  # the first thing in a record's annotations


def check_edf(path: Path) -> None:
    """Refuse an EDF or BDF file that is none, that is cut short, or that has gaps.

    MNE only warns of a file that is shorter than its header says, and closes gaps, so that all that
    follows comes too early.
    """
    content, ending = path.stat().st_size, path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(256)
        if (kind := KINDS.get(head[:8].strip())) != ending and head:
            what = f"an {kind[1:].upper()} file" if kind else "neither an EDF nor a BDF file"
            hint = "Copy it again, or give its name the ending of what it is."
            hint = f"Let its name end in {kind}, in the table of trials too." if kind else hint
            raise DataError(path, f"is {what} by its first bytes.", hint)
        try:
            header, records, signals = (
                int(head[at : at + size]) for at, size in ((184, 8), (236, 8), (252, 4))
            )
            seconds = float(head[244:252])
            names = [file.read(16).strip() for _ in range(signals)]
            file.seek(256 + 216 * signals)
            samples = [int(file.read(8)) for _ in range(signals)]
        except ValueError:
            problem = f"has no complete header; the file holds {content} bytes."
            raise DataError(path, problem, COPY_AGAIN) from None
        width = 3 if ending == ".bdf" else 2
        if header != 256 * (signals + 1) or min(samples, default=0) < 1:
            problem = f"says that its header has {header} bytes, for {signals} signals."
            raise DataError(path, f"{problem} Or a signal has no samples.", COPY_AGAIN)
        expected = header + records * sum(samples) * width
        if records >= 0 and content != expected:  # -1: the recorder did not count them
            problem = f"holds {content} bytes, but its header says {expected} ({records} records)."
            raise DataError(path, problem, COPY_AGAIN)
        if head[192:197] not in (b"EDF+D", b"BDF+D"):
            return
        at = next((k for k, name in enumerate(names) if name.endswith(b" Annotations")), None)
        times = []
        for record in range(records if at is not None else 0):
            file.seek(header + (record * sum(samples) + sum(samples[:at])) * width)
            times += map(float, _TIME.findall(file.read(samples[at] * width))[:1])
    kind, hint = head[192:197].decode(), "Export it without gaps, as EDF+C or BDF+C, or split it at"
    hint = f"{hint} the gaps (EDFbrowser does both): a 'file' of its own for each piece."
    if len(times) < records:
        raise DataError(path, f"is marked {kind}, but its records have no times.", hint)
    fastest = max(n for n, name in zip(samples, names, strict=True) if name != names[at])
    for record, time in enumerate(times):
        after = record * seconds
        if abs(gap := time - times[0] - after) > max(seconds / fastest, LEAST_GAP):
            what = f"{gap:.4g} s are missing" if gap > 0 else f"{-gap:.4g} s come twice"
            raise DataError(path, f"has gaps ({kind}): after {after:g} s, {what}.", hint)
