"""The methods of a study as a paragraph to paste: settings, versions, and numbered references."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.metadata import version

import xarray as xr
from pybtex import format_from_file

from emolib.book.sentences import ends
from emolib.book.subject_tables import settings_table
from emolib.evaluation.permutation import PERMUTATIONS
from emolib.evaluation.scores import RESAMPLES
from emolib.model.settings import TrainingSettings
from emolib.recordings.labels import Task
from emolib.splits.protocols import HELD_OUT, LEAKING, protocol_name
from emolib.study.study import PROJECT, Study

BIBLIOGRAPHY = PROJECT / "book" / "references.bib"
SOFTWARE = ("mne", "scipy", "scikit-learn", "keras", "jax", "emolib")
DATA = {
    "deap": ("koelstra2012",),
    "deap_raw": ("koelstra2012",),
    "seed": ("zheng2015",),
    "dreamer": ("katsigiannis2018",),
    "eegmat": ("zyma2019", "goldberger2000"),
    "ds002721": ("daly2020",),
}
KINDS = {
    "de": ("differential entropy", ("duan2013",)),
    "energy": ("band energy", ()),
    "welch": ("mean power spectral density after Welch", ("welch1967",)),
    "multitaper": ("mean multitaper power spectral density", ("thomson1982",)),
}
BASELINE = {
    "subtract": "The mean over the trial's baseline windows was subtracted from each feature",
    "released": "The mean over baseline windows was subtracted as the published code does it",
    "divide": "Each feature was divided by its mean over the trial's baseline windows",
    "zscore": "Each feature was z-scored by its trial's baseline windows",
    "own_trial": "The mean over the trial's own windows was subtracted from each feature",
    "none": "No baseline correction was applied",
}
NORMALISED = {
    "window": ", and features were then z-scored within each window.",
    "subject": ", and each feature was then z-scored over all windows of a subject.",
    "none": ".",
}
REFERENCE_MODELS = {  # those that read recordings
    "tangent_space": (
        "logistic regression in the Riemannian tangent space of whole-trial covariances",
        ("barachant2012",),
    ),
    "eegnet": ("EEGNet on the signals of the windows", ("lawhern2018",)),
}
ENDS = {
    "fixed": "a fixed schedule of {fixed} epochs with a learning rate that falls to 0",
    "plateau": "at most {epochs} epochs with early stopping on the validation data",
}


def methods(
    study: Study, found: Mapping[str, xr.Dataset], *, n_subjects: int | None = None
) -> tuple[str, list[str]]:
    """Write the methods of a study as one paragraph, and the references that it numbers.

    Parameters
    ----------
    study : Study
    found : mapping of str to Dataset
        Summaries of the subjects that it is about, see `emolib.evaluation.subject.summarise`.
    n_subjects : int, optional
        Subjects of the study, where it is about fewer of them.

    Returns
    -------
    str, list of str
        Plain text, and a reference for each number in brackets.
    """
    cited: list[str] = []
    text = [*_recordings(study, found, cited), *_features(study, cited), *_network(study, cited)]
    if n_subjects and n_subjects > len(found):
        text.append(
            f"The networks were trained on the training data of all {n_subjects} subjects of the "
            f"study; the scores here are those of {len(found)}."
        )
    text.append(
        "Scores are balanced accuracies of whole trials, computed within each subject and fold and "
        f"then averaged. Their 95 % intervals come from {RESAMPLES} bootstrap resamples. Ridge "
        f"regression on the same features was tested with {PERMUTATIONS} permutations of the "
        "labels."
    )
    if of_recordings := [REFERENCE_MODELS[n] for n in study.references if n in REFERENCE_MODELS]:
        named = " and ".join(f"{words}{_cite(keys, cited)}" for words, keys in of_recordings)
        text.append(f"Beside the network, on the same folds, stand {named}.")
    text.append(f"Software: {', '.join(f'{name} {version(name)}' for name in SOFTWARE)}.")
    listed = format_from_file(str(BIBLIOGRAPHY), "unsrt", cited, output_backend="plaintext")
    return " ".join(text), listed.strip().splitlines()


def _recordings(study: Study, found: Mapping[str, xr.Dataset], cited: list[str]) -> list[str]:
    """Write sentences on the subjects, their signals and their labels."""
    subjects = f"{len(found)} subject{'s' * (len(found) != 1)}"
    facts = {
        "trials": [own.sizes["trial"] for own in found.values()],
        "electrodes": [own.sizes["channel"] for own in found.values()],
        "Hz": [own.attrs["sfreq"] for own in found.values()],
    }
    numbers = ", ".join(f"{ends(values, 'g')} {what}" for what, values in facts.items() if values)
    data = f"the data set {study.dataset}{_cite(DATA.get(study.dataset, ()), cited)}"
    if study.simulation is not None:
        data = "a simulated data set"
    text = [f"We analysed the EEG of {subjects} from {data}{f' ({numbers})' * bool(numbers)}."]
    subject = next(iter(found)) if len(found) == 1 else None
    if len(asked := settings_table(study.recording_settings(subject))):
        told = "; ".join(f"{name} {value}" for name, value in asked["value"].items())
        text.append(f"Preprocessing settings: {told}.")
    labels = (_labels(name, task) for name, task in study.tasks.items())
    return [*text, f"Labels: {'; '.join(labels)}."]


def _features(study: Study, cited: list[str]) -> list[str]:
    """Write sentences on the features."""
    settings = study.features
    kinds = [KINDS[settings.psd if kind == "psd" else kind] for kind in settings.kinds]
    names = " and ".join(f"{words}{_cite(keys, cited)}" for words, keys in kinds)
    bands = ", ".join(f"{band.name} {band.low_hz:g}-{band.high_hz:g} Hz" for band in settings.bands)
    return [
        f"Trials were split into windows of {settings.window_seconds:g} s. For each window and "
        f"electrode, we computed {names} in {len(settings.bands)} bands ({bands}; "
        f"{settings.filtering.replace('_', '-')} filters).",
        f"{BASELINE[settings.baseline]}{NORMALISED[settings.normalise]}",
    ]


def _network(study: Study, cited: list[str]) -> list[str]:
    """Write sentences on the network, its training and the splits."""
    training, model = study.training, study.model
    kind = "convolutional" if model.network == "mt_cnn" else "convolutional recurrent"
    keys = ("rudakov2021",) if model.network == "mt_cnn" else ("shen2020",)
    parts = []
    for leaks in (False, True):
        names = [
            name for name in HELD_OUT if name in study.protocols and (name in LEAKING) == leaks
        ]
        if names:
            whose = " and ".join(map(protocol_name, names))
            parts.append(f"Under {whose}, training took {_ends(training, leaks)}.")
    tuned = " Networks were then fine-tuned on each subject's training trials." * study.fine_tune
    trainings = f", repeated {study.repeats} times with other initial weights" * (study.repeats > 1)
    return [
        f"Features were placed on an 8 x 9 grid and classified by a {kind} network"
        f"{_cite(keys, cited)} (width {model.width:g}) with one output per task, trained with Adam "
        f"(batch size {training.batch_size}, learning rate {training.learning_rate:g}).",
        f"The data were split into {study.n_folds} folds (seed {study.seed}){trainings}.",
        f"{' '.join(parts)}{tuned}",
    ]


def _ends(training: TrainingSettings, leaks: bool) -> str:
    """Return how the training of a protocol ends."""
    how = ENDS[training.schedule_for(leaks=leaks)]
    return how.format(fixed=min(training.fixed_epochs, training.epochs), epochs=training.epochs)


def _labels(name: str, task: Task) -> str:
    """Return how a task's classes are made."""
    low, high, *_ = task.classes
    if task.rating is None:
        return f"{name}, the conditions {' and '.join(task.classes)}"
    return f"{name}, {high} if the rating of {task.rating} is above {task.above:g}, else {low}"


def _cite(keys: Collection[str], cited: list[str]) -> str:
    """Return the numbers of references, which are appended to those cited before."""
    cited += [key for key in keys if key not in cited]
    return f" [{', '.join(str(cited.index(key) + 1) for key in keys)}]" if keys else ""
