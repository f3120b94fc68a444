"""Reference models beside the network: real recordings, the demo, and three simulated cohorts.

Run it by `python -m benchmarks.references` (half an hour on one core). Each data set is a study as
any other, with all reference models; the network and EEGNet are trained three times. It prints
tables and writes `emolib/evaluation/references.csv`, which an appendix shows. What is computed is
kept in the studies' folders below `results`: a run that was cut off goes on. Delete the folders to
compute it again.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import yaml

from benchmarks.claims import show
from benchmarks.recipe import EFFECTS, SIMULATED
from emolib.book.provenance import commit
from emolib.evaluation.literature import REFERENCES as FILE
from emolib.study import stages
from emolib.study.fold import make_fold
from emolib.study.keys import REFERENCES
from emolib.study.references import make_references, references
from emolib.study.study import PROJECT, Study, load

TRAININGS = 3
FOLDER = PROJECT / "results" / "references"  # of the study files
COLUMNS = ["protocol", "task", "model", "unit", "metric", "value", "low", "high"]


def studies() -> Iterator[tuple[str, str, dict]]:
    """Yield each data set: its name in the table, that of its study, and what the file holds."""
    how = {"references": [*REFERENCES], "repeats": TRAININGS, "fine_tune": False}
    left_out = {"variants", "permutations"}
    protocols = {"eegmat": ["leave_subjects_out"], "demo": ["trial_grouped", "leave_subjects_out"]}
    for name, own in protocols.items():
        held = yaml.safe_load((PROJECT / "studies" / f"{name}.yaml").read_text(encoding="utf-8"))
        kept = {key: value for key, value in held.items() if key not in left_out}
        yield name, f"references_{name}", kept | how | {"protocols": own}
    for cohort in range(3):
        title = f"simulated, cohort {cohort}"
        effect = {"valence": 0, "arousal": EFFECTS["an effect"]}
        held = {
            "title": title,
            "dataset": "simulated",
            "simulation": SIMULATED | {"effect": effect, "seed": cohort},
            "tasks": {"arousal": {"rating": "arousal", "above": 5}},
            "model": {"width": 0.125},
            "training": {"epochs": 12},
            "protocols": ["leave_subjects_out"],
        }
        yield title, f"references_cohort_{cohort}", held | how


def written(name: str, content: dict) -> Study:
    """Write a study file, and load it."""
    file = FOLDER / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load(file)


def compute(study: Study) -> None:
    """Make what is missing, in this process: one fold after another is trained."""
    for protocol in study.protocols:
        for number in study.folds(protocol):
            if not study.fold_files(protocol, number)["predictions"].exists():
                make_fold(study, protocol, number)
                print(f"{study.title}: {protocol}, fold {number}", file=sys.stderr, flush=True)
    if not study.scores_file("references.parquet").exists():
        stages.make_scores(study)
        make_references(study)


def rows_of(title: str, study: Study) -> pd.DataFrame:
    """Return the scores of windows and trials of all subjects together, of each model."""
    found = references(study)
    whole = found[found["subject"].isna() & found["fold"].isna() & (found["stage"] == "pooled")]
    whole = whole[whole["metric"].str.endswith("balanced_accuracy")][COLUMNS]
    trainings = whole["model"].map(lambda name: TRAININGS if name in ("network", "eegnet") else 1)
    whole["metric"] = whole["metric"].str.removesuffix("_balanced_accuracy")
    of = whole.rename(columns={"metric": "what"}).assign(trainings=trainings)
    of.insert(0, "data", title)
    return of


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute what is missing, print the tables and write the file."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.references", description=__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("--data", nargs="+", default=[""], help="beginnings of names")
    options.add_argument("--file", type=Path, default=FILE)
    asked = options.parse_args(arguments)
    tables = []
    for title, name, content in studies():
        if not title.startswith(tuple(asked.data)):
            continue
        study = written(name, content)
        compute(study)
        tables.append(rows_of(title, study))
        show(title, tables[-1].drop(columns="data"))
    made = {"commit": commit(), "date": datetime.date.today().isoformat()}
    whole = pd.concat(tables, ignore_index=True).assign(**made).round(4)
    whole.to_csv(asked.file, index=False, lineterminator="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
