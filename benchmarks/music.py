"""Go the whole way of the film-music study, from a download to its book, on signals made up.

Run it by `python -m benchmarks.music` (ten minutes or more). Three people's published tables of
events get EDF files of full length: noise, and alpha at the back of the head while the music was
rated pleasant. A server on loopback has them; one transfer is cut and one file spoilt on its way.
Exit status 1 where a label differs from the reference, or new trials do not show the difference.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import yaml

from emolib.recordings import ds002721
from emolib.study import stages
from emolib.study.study import PROJECT, load
from emolib.study.workflow import run

sys.path.append(str(PROJECT / "tests"))
import music

PEOPLE = ["sub-01", "sub-02", "sub-28"]  # clips two runs late, onsets that wrap, clips unknown
LEAST = 0.9  # balanced accuracy of valence in new trials


def main(folder: Path) -> bool:
    """Serve, fetch, run and compare; return whether all is as it was put in."""
    served, file = folder / "served", folder / "music.yaml"
    music.write_eeg(served, music.write_sidecars(served, PEOPLE))
    study = yaml.safe_load((PROJECT / "studies" / "music.yaml").read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(study | {"subjects": PEOPLE, "n_folds": 3}))
    os.environ.update(
        EMOLIB_RESULTS=str(folder / "results"), XDG_CACHE_HOME=str(folder), NO_PROXY="127.0.0.1"
    )
    os.environ.pop("EMOLIB_DATA", None)
    registry = music.write_registry(folder / "files.csv", served)
    with music.serve(served) as (url, server):
        server.cut.add("sub-01_task-run3_eeg.edf")
        server.spoilt["sub-02_task-run4_eeg.edf"] = 1
        with patch.multiple(ds002721, URL=url, FILES=registry):
            whole = run(load(file), os.cpu_count() or 1)
    return whole and len(server.asked) == 4 * len(PEOPLE) + 2 and compare(load(file))


def compare(study) -> bool:
    """Compare labels with the reference, and scores with what was put in."""
    reference = pd.read_csv(PROJECT / "tests" / "data" / "ds002721_trials.csv")
    equal = True
    for subject, own in reference[reference["participant"].isin(PEOPLE)].groupby("participant"):
        rating = stages.features(study, subject)["rating"].to_pandas()
        equal &= rating.to_numpy().tolist() == own[[*rating]].to_numpy(float).tolist()
    print("labels equal the reference" if equal else "labels differ from the reference")
    scores = stages.scores(study)
    whole = scores["subject"].isna() & scores["fold"].isna()
    table = scores[whole & (scores["metric"] == "trial_balanced_accuracy")]
    print(table[["protocol", "stage", "task", "value", "chance"]].round(2).to_string(index=False))
    found = table[(table["protocol"] == "trial_grouped") & (table["task"] == "valence")]["value"]
    return equal and len(found) > 0 and found.min() > LEAST


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        sys.exit(not main(Path(place)))
