"""Networks trained in several ways, beside ridge regression on the same maps; people held out.

Run it by `python -m benchmarks.recipe` (about an hour on one core); `--help` lists what makes it
shorter. It prints tables and writes `emolib/evaluation/recipe.csv`, which a chapter shows. What is
predicted is kept in `results/recipe`: a run that was cut off goes on; delete the folder to train
again.

The data are the real recordings of `studies/eegmat.yaml`, each window or each subject z-scored,
and simulated cohorts with and without an effect. Settings were chosen by the scores of the first
ten people of the real ones (`CHOSEN_ON`). The others are no strict hold-out: earlier scores of all
twenty were known by then.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.claims import show
from emolib.book.provenance import commit
from emolib.evaluation.comparison import compare, counts_by_seed
from emolib.evaluation.linear import reference_predictions
from emolib.evaluation.literature import TRAININGS as FILE
from emolib.evaluation.scores import score
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.grid import SHAPE, to_brain_maps
from emolib.model.networks import build
from emolib.model.predictions import predictions_of
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Trainer
from emolib.model.training import train_fold
from emolib.recordings.labels import Task, window_table
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.splits.folds import Fold, train_rows
from emolib.splits.protocols import leave_subjects_out
from emolib.study import stages
from emolib.study.fold import network_settings
from emolib.study.study import PROJECT, Study, load

import keras  # isort: skip  after emolib.model, which chooses its backend

CHOSEN_ON = 10  # the settings were chosen by the scores of so many of the people, the first ones
RIDGE, PUBLISHED = "ridge regression", "as published"
FIXED, DEFAULT = "fixed schedule", "fixed schedule, no batch normalisation"
FOLDER = PROJECT / "results" / "recipe"
PROTOCOL = "leave_subjects_out"
N_FOLDS = 5
PENALTY = 1e-4  # scikit-learn's C: the smaller, the more a model is penalised
SIMULATED = {"n_subjects": 6, "n_trials": 20, "trial_seconds": 10, "effect_spread": 0.3}
EFFECTS = {"an effect": 5.0, "no effect": 0.0}
BALANCED = {"schedule": "plateau", "selection": "balanced_loss"}
# By name: what differs from the settings of the study in `model`, and in `training`.
TRAININGS: dict[str, tuple[dict, dict]] = {
    PUBLISHED: ({"batch_norm": True}, {"schedule": "plateau", "selection": "loss"}),
    "each class the same in validation": ({"batch_norm": True}, BALANCED),
    FIXED: ({"batch_norm": True}, {}),
    "no batch normalisation": ({"batch_norm": False}, BALANCED),
    DEFAULT: ({}, {}),
    "the same, rate 0.0003": ({}, {"learning_rate": 3e-4}),
    "the same, rate 0.0001": ({}, {"learning_rate": 1e-4}),
    "the same, twice as many epochs": ({}, {"epochs": 12, "fixed_epochs": 12}),
    "the same, dropout 0.5": ({"dropout": 0.5}, {}),
    "the same, twice as wide": ({"width": 0.25}, {}),
    "the same, noise on the maps": ({}, {}),
    "the same, electrodes left out": ({}, {}),
    "the same, mean over the grid": ({}, {}),
    "the same, labels smoothed": ({}, {}),
    "the same, shifted windows too": ({}, {}),
    "the same, epochs by inner folds": ({}, {}),
}
# By name: a layer that changes the maps of training rows, for each map anew.
ON_MAPS: dict[str, Callable[[], keras.layers.Layer]] = {
    "the same, noise on the maps": lambda: keras.layers.GaussianNoise(0.3, seed=0, name="on_maps"),
    "the same, electrodes left out": lambda: keras.layers.Dropout(
        0.1, noise_shape=(None, *SHAPE, 1), seed=0, name="on_maps"
    ),
}
MEAN_OF_GRID, SMOOTHED = "the same, mean over the grid", "the same, labels smoothed"
SHIFTED, INNER = "the same, shifted windows too", "the same, epochs by inner folds"
AVERAGED = "the same, mean of the seeds"
SMOOTHING = 0.1
N_EPOCHS, N_INNER = (3, 6, 12), 4  # to choose from, by the balanced accuracy of inner folds
BOTH = (PUBLISHED, DEFAULT)  # trained with every seed


@dataclass(frozen=True, eq=False)
class Data:
    """Maps, their table, one task, and the settings of networks for them."""

    maps: np.ndarray
    table: pd.DataFrame
    task: str
    model: ModelSettings
    training: TrainingSettings
    study: Study | None = None  # of real ones: where recordings are


def real(study: Study) -> Data:
    """Load the maps of a study's people."""
    maps, table = stages.load_windows(study)
    (task,) = study.tasks
    return Data(maps, table, task, network_settings(study, PROTOCOL), study.training, study)


def simulated(effect: float, seed: int) -> Data:
    """Simulate a cohort whose arousal has this effect."""
    settings = SimulationSettings(**SIMULATED, effect={"arousal": effect}, seed=seed)
    maps, tables = [], []
    for number in range(1, settings.n_subjects + 1):
        features = extract_features(simulate_subject(settings, number)[0], FeatureSettings())
        maps.append(to_brain_maps(features).values)
        tables.append(window_table(features, {"arousal": Task("arousal")}))
    table = pd.concat(tables, ignore_index=True)
    model = ModelSettings(width=1 / 8, tasks={"arousal": 2}).for_protocol(leaks=False)
    return Data(np.concatenate(maps), table, "arousal", model, TrainingSettings(epochs=12))


def data_sets() -> dict[str, Callable[[], Data]]:
    """Return what loads each data set, by name."""
    study = load("eegmat")
    found = {
        "real, windows z-scored": partial(real, study),
        "real, subjects z-scored": partial(real, study.variant("normalised_per_subject")),
    }
    for (name, effect), seed in ((item, seed) for item in EFFECTS.items() for seed in range(3)):
        found[f"simulated, {name}, cohort {seed}"] = partial(simulated, effect, seed)
    return {name: cache(make) for name, make in found.items()}


def trained(data: Data, name: str, seed: int) -> pd.DataFrame:
    """Train all folds in one way with one seed, and return the predictions of the test rows."""
    of_model, of_training = TRAININGS[name]
    model, training = replace(data.model, **of_model), replace(data.training, **of_training)
    trainer = Trainer(partial(_built, model, name), training)
    if name == SMOOTHED:
        correct = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        trainer.model.compile(
            trainer.model.optimizer,
            loss={data.task: smoothed},
            weighted_metrics={data.task: [correct]},
        )
    parts = []
    for k, fold in enumerate(_folds(data)):
        key = (seed, PROTOCOL, k)
        if name == INNER:
            n = epochs_by_inner_folds(data, train_rows(fold), key)
            trainer.settings = replace(training, fixed_epochs=n)
        more, rows = shifted(data) if name == SHIFTED else (data.maps[:0], np.array([], int))
        known = np.flatnonzero(np.isin(rows, fold.train))
        fold = replace(fold, train=np.concatenate([fold.train, len(data.maps) + known]))
        all_rows = np.concatenate([np.arange(len(data.maps)), rows])
        given = result_of(trainer, np.concatenate([data.maps, more]), data, all_rows, fold, key)
        rows = data.table.iloc[fold.test]
        who = {"protocol": PROTOCOL, "fold": k + seed * N_FOLDS, "stage": "pooled"}
        parts.append(predictions_of(rows, data.task, rows[data.task].to_numpy(), given, **who))
    return pd.concat(parts, ignore_index=True)


def result_of(trainer: Trainer, maps, data: Data, rows, fold: Fold, key: tuple) -> np.ndarray:
    """Train on maps that belong to these rows of the table; return what the test rows are given."""
    labels = {data.task: data.table[data.task].to_numpy()[rows]}
    subjects = data.table["subject"].to_numpy()[rows]
    result = next(train_fold(trainer, maps, labels, fold, subjects, seed_key=key, fine_tune=False))
    return result.probabilities[data.task]


@cache
def shifted(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return maps of windows that begin half a window later, and the rows that they belong to."""
    study, found = data.study, []
    place = ["subject", "trial", "window"]
    for subject in stages.valid_subjects(study):
        recording = stages.recording(study, subject)
        later = round(study.features.window_seconds * recording.attrs["sfreq"] / 2)
        features = extract_features(recording.isel(time=slice(later, None)), study.features)
        table = window_table(features, study.tasks)[place]
        found.append((to_brain_maps(features).to_numpy(), table))
    maps, tables = zip(*found, strict=True)
    rows = (
        data.table[place]
        .reset_index()
        .merge(
            pd.concat(tables, ignore_index=True).reset_index(), on=place, suffixes=("", "_later")
        )
    )
    return np.concatenate(maps)[rows["index_later"]], rows["index"].to_numpy()


def epochs_by_inner_folds(data: Data, rows: np.ndarray, key: tuple) -> int:
    """Return the number of epochs with which people left out of these rows are predicted best."""
    table = data.table.iloc[rows].reset_index(drop=True)
    labels, found = table[data.task].to_numpy(), {}
    inner = replace(data, maps=data.maps[rows], table=table)
    folds = list(leave_subjects_out(table, n_folds=N_INNER, seed=0, tasks=[data.task]))
    for n in N_EPOCHS:
        trainer = inner_trainers(data)[n]
        scores = [
            balanced_accuracy_score(
                labels[fold.test],
                result_of(
                    trainer, inner.maps, inner, np.arange(len(rows)), fold, (*key, "inner", k)
                ).argmax(axis=1),
            )
            for k, fold in enumerate(folds)
        ]
        found[n] = np.mean(scores)
    return max(found, key=found.get)


@cache
def inner_trainers(data: Data) -> dict[int, Trainer]:
    """Return what trains with each number of epochs, compiled once."""
    how = {n: replace(data.training, epochs=n, fixed_epochs=n) for n in N_EPOCHS}
    return {n: Trainer(partial(build, data.model), training) for n, training in how.items()}


def _built(settings: ModelSettings, name: str, *, seed: int | None = 0) -> keras.Model:
    """Build the network, with the change of its layers that a training of this name asks for."""
    model = build(settings, seed=seed)
    if name not in {*ON_MAPS, MEAN_OF_GRID}:
        return model
    on_maps = ON_MAPS.get(name, keras.layers.Identity)()

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        if name == MEAN_OF_GRID and isinstance(layer, keras.layers.Flatten):
            return keras.layers.GlobalAveragePooling2D(name=layer.name)
        return type(layer).from_config(layer.get_config())

    def called(layer: keras.Operation, *given: keras.KerasTensor, **how: object):
        return (
            layer(*map(on_maps, given), **how) if layer.name == "conv_1" else layer(*given, **how)
        )

    return keras.models.clone_model(model, clone_function=copied, call_function=called)


def smoothed(labels: keras.KerasTensor, given: keras.KerasTensor) -> keras.KerasTensor:
    """Return the cross-entropy of rows against labels of which a part goes to all classes."""
    wanted = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), given.shape[-1])
    return keras.losses.categorical_crossentropy(wanted, given, label_smoothing=SMOOTHING)


def ridge(data: Data, seeds: Sequence[int]) -> pd.DataFrame:
    """Return ridge's predictions, the same for each seed: it draws nothing."""
    how = {"n_folds": N_FOLDS, "seed": 0, "tasks": [data.task]}
    given = reference_predictions("ridge", data.maps, data.table, PROTOCOL, **how)
    return _repeated(given.assign(stage="pooled"), seeds)


def penalised(data: Data, seeds: Sequence[int]) -> pd.DataFrame:
    """Return what logistic regression with a strong penalty predicts, classes weighted."""
    x, labels = data.maps.reshape(len(data.maps), -1), data.table[data.task].to_numpy()
    parts = []
    for k, fold in enumerate(_folds(data)):
        rows = train_rows(fold)
        line = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
        fitted = make_pipeline(StandardScaler(), line).fit(x[rows], labels[rows])
        given, own = fitted.predict_proba(x[fold.test]), labels[fold.test]
        who = {"protocol": PROTOCOL, "fold": k, "stage": "pooled"}
        parts.append(predictions_of(data.table.iloc[fold.test], data.task, own, given, **who))
    return _repeated(pd.concat(parts), seeds)


def _repeated(given: pd.DataFrame, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the predictions of a model that draws nothing once for each seed."""
    return pd.concat([given.assign(fold=given["fold"] + s * N_FOLDS, repeat=s) for s in seeds])


def _folds(data: Data) -> Iterator:
    return leave_subjects_out(data.table, n_folds=N_FOLDS, seed=0, tasks=[data.task])


def predictions(name: str, load_data: Callable[[], Data], training: str, seeds: Sequence[int]):
    """Read the predictions of some seeds, after training what is not yet there."""
    tables = []
    for seed in seeds:
        file = FOLDER / name / f"{training}-{seed}.parquet"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            made = trained(load_data(), training, seed)
            made.assign(repeat=seed).to_parquet(file)
            print(f"{name}: {training}, seed {seed}", file=sys.stderr, flush=True)
        tables.append(pd.read_parquet(file))
    return pd.concat(tables, ignore_index=True)


def mean_of_seeds(given: pd.DataFrame) -> pd.DataFrame:
    """Return predictions by the mean probability of all seeds."""
    given = given.assign(fold=given["fold"] % N_FOLDS, repeat=0)
    names = [name for name in given if name != "probability"]
    return given.groupby(names, sort=False, dropna=False, as_index=False)["probability"].mean()


def rows_of(
    name: str, training: str, given: pd.DataFrame, of_ridge: pd.DataFrame
) -> Iterator[dict]:
    """Yield scores of windows and trials, recalls of both classes, and the trials less ridge's."""
    numbers = given["subject"].str[-2:].astype(int)
    people = {"all": numbers >= 0}
    if name.startswith("real"):
        first = numbers < CHOSEN_ON
        people |= {"chosen on": first, "others": ~first}
    seeds = given["repeat"].nunique()
    of = {"data": name, "training": training, "seeds": seeds}
    for who, chosen in people.items():
        scores = score(given[chosen])
        whole = scores[scores["subject"].isna() & scores["fold"].isna()].set_index("metric")
        for unit in ("window", "trial"):
            row = whole.loc[f"{unit}_balanced_accuracy", ["value", "low", "high"]].to_dict()
            yield of | {"people": who, "what": unit} | row
    right = (given["probability"] > 0.5) == given["label"]
    recalls = right.groupby([given["label"], given["subject"]]).mean().groupby("label").mean()
    for label, recall in recalls.items():
        yield of | {"people": "all", "what": f"recall {label}", "value": recall}
    repeats = set(given["repeat"])
    both = [of_ridge[of_ridge["repeat"].isin(repeats)], given]
    first, second = (next(iter(counts_by_seed(one).values())) for one in both)
    found = compare(first, second)
    difference = {"value": found.value, "low": found.low, "high": found.high}
    yield of | {"people": "all", "what": "trial less ridge"} | difference


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is missing, print the tables and write the file."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.recipe", description=__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--data", nargs="+", default=[""], help="beginnings of names")
    options.add_argument("--file", type=Path, default=FILE)
    asked = options.parse_args(arguments)
    rows = []
    for name, load_data in data_sets().items():
        if not name.startswith(tuple(asked.data)):
            continue
        of_ridge = ridge(load_data(), asked.seeds)
        rows += rows_of(name, RIDGE, of_ridge, of_ridge)
        line = penalised(load_data(), asked.seeds)
        rows += rows_of(name, "logistic regression, strong penalty", line, of_ridge)
        for training in TRAININGS if name.startswith("real") else BOTH:
            seeds = asked.seeds if training in BOTH else asked.seeds[:1]
            given = predictions(name, load_data, training, seeds)
            rows += rows_of(name, training, given, of_ridge)
            if training == DEFAULT and name.startswith("real"):
                rows += rows_of(name, AVERAGED, mean_of_seeds(given), of_ridge)
        own = pd.DataFrame([row for row in rows if row["data"] == name])
        show(name, own[own["people"] == "all"].drop(columns=["data", "people"]))
    made = {"commit": commit(), "date": datetime.date.today().isoformat()}
    table = pd.DataFrame(rows).assign(**made).round(4)
    table.to_csv(asked.file, index=False, lineterminator="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
