"""The film-music data set with signals that are made up: sidecars as published, EDF files written.

Time can be squeezed, so that ten minutes of a run take one: all else of the sidecars stays.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from synthetic import noise, write_edf

from emolib.recordings import ds002721
from emolib.recordings.ds002721_events import WRAP_SECONDS, eeg_file

# fmt: off
NAMES = [
    "FP1", "FP2", "F7", "F3", "Fz", "F4", "F8", "T3", "C3", "Cz", "C4", "T4", "T5", "P3", "Pz",
    "P4", "T6", "O1", "O2",
]
# fmt: on
SFREQ = 1000
SHIFT = 3.0  # seconds: the rest before the first trial stays as long as it was
TILE = 20  # seconds of noise, which come again and again
ALPHA_UV = 12.0
POSTERIOR = ("P3", "Pz", "P4", "T5", "T6", "O1", "O2")


def write_sidecars(root: Path, subjects: Iterable[str], squeeze: float = 1.0) -> pd.DataFrame:
    """Write people's sidecars, all times divided by `squeeze`; return their trials."""
    ds002721.write_sidecars(root, subjects)
    for path in root.glob("sub-*/eeg/*_events.tsv"):
        if squeeze != 1:
            table = pd.read_csv(path, sep="\t")
            wraps = table["onset"] > 1e6
            seconds = table["onset"] - wraps * WRAP_SECONDS
            table["onset"] = seconds / squeeze + SHIFT + wraps * WRAP_SECONDS
            table.round({"onset": 3}).to_csv(path, sep="\t", index=False)
    return ds002721.trials(root)


def write_eeg(root: Path, trials: pd.DataFrame) -> None:
    """Write an EDF file a run: noise, and alpha at the back of the head where pleasant > 5."""
    for (subject, run), own in trials.groupby(["participant", "run"]):
        number = 10 * int(subject[-2:]) + run
        seconds = int(np.ceil((own["onset_s"] + own["duration_s"]).max())) + 2
        tile = noise(len(NAMES), TILE, SFREQ, seed=number)
        signals = np.tile(tile, seconds // TILE + 1)[:, : seconds * SFREQ]
        alpha = ALPHA_UV * np.sin(2 * np.pi * 10 * np.arange(signals.shape[1]) / SFREQ)
        back = [NAMES.index(name) for name in POSTERIOR]
        for row in own[own["pleasant"] > 5].itertuples():
            start, stop = (round(at * SFREQ) for at in (row.onset_s, row.onset_s + row.duration_s))
            signals[back, start:stop] += alpha[start:stop]
        write_edf(eeg_file(root, subject, run), signals, NAMES, SFREQ)


def write_registry(file: Path, root: Path) -> Path:
    """Write the table of the EDF files of a folder as the one of the published files."""
    rows = [
        (path.relative_to(root), path.stat().st_size, hashlib.md5(path.read_bytes()).hexdigest())
        for path in sorted(root.glob("sub-*/eeg/*.edf"))
    ]
    table = pd.DataFrame(rows, columns=["path", "bytes", "md5"]).assign(version="1")
    table.to_csv(file, index=False)
    return file


class Server(SimpleHTTPRequestHandler):
    """Serve a folder; of the files named, transfers end early (`cut`) or are wrong (`spoilt`)."""

    def __init__(self, *arguments, cut: set[str], spoilt: dict[str, int], asked: list[str], **more):
        self.cut, self.spoilt, self.asked = cut, spoilt, asked
        super().__init__(*arguments, **more)

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        content = Path(self.translate_path(self.path)).read_bytes()
        name = Path(self.path.partition("?")[0]).name
        self.asked.append(name)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if name in self.cut:
            self.cut.remove(name)
            content = content[: len(content) // 2]
        if self.spoilt.get(name):
            self.spoilt[name] -= 1
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.wfile.write(content)


@contextmanager
def serve(root: Path) -> Iterator[tuple[str, SimpleNamespace]]:
    """Serve a folder on loopback: its address, and what goes wrong (`cut` once, `spoilt` so often).

    `asked` lists the files that were asked for.
    """
    what = SimpleNamespace(cut=set(), spoilt={}, asked=[])
    handler = partial(Server, directory=str(root), **vars(what))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", what
        server.shutdown()
        thread.join()
