"""The stage that explains: what a fold's network uses of its test rows, subject by subject.

A page of one subject reads these small files; it loads no network and nobody else's maps.
"""

from __future__ import annotations

import xarray as xr

from emolib.errors import DataError
from emolib.study import stages
from emolib.study.study import Study

# Of a subject in a fold, at most: those of one trial resemble each other, so more add little. Fine
# steps matter more, where a network hardly answers: shares of almost nothing must add up as well.
# At full size, 32 subjects, both keep a fold within some minutes.
WINDOWS = 50
STEPS = 32


def make_attributions(study: Study, protocol: str, number: int) -> None:
    """Explain one fold's pooled network on its test rows, and write `Study.attribution_file`.

    A fold that could not be trained gets a file that says why.

    Raises
    ------
    DataError
        If the fold has not been trained yet.
    """
    failure = stages.fold_failure(study.fold_files(protocol, number)["predictions"])
    if failure:
        found = stages.failure_dataset(failure, protocol=protocol, fold=number)
    else:
        found = _explained(study, protocol, number)
    stages.write_dataset(found, study.attribution_file(protocol, number))


def attributions(study: Study, protocol: str, subject: str) -> xr.Dataset:
    """Load what the networks of a protocol use of a subject's test rows.

    Returns
    -------
    Dataset
        `attribution (fold, task, band, channel)`, `band_importance (fold, task, band)`, both in
        nats, `completeness (fold, task)` and `n_windows (fold)`, see
        `emolib.explain.fold.fold_attribution`; the folds that test the subject.

    Raises
    ------
    DataError
        If no fold is explained yet, none could be trained, or none tests the subject.
    """
    files = {k: study.attribution_file(protocol, k) for k in range(study.splits(protocol))}
    made = {number: file for number, file in files.items() if file.exists()}
    name = protocol.replace("_", "-")
    if not made:
        raise DataError(
            f"{name}: the networks", "are not explained yet.", "Run the whole study first."
        )
    failure = DataError(name, f"no fold tests {subject}.", "See what was left out, and why.")
    found = {}
    for number, file in made.items():
        try:
            of_fold = stages.load_dataset(file)
        except DataError as error:  # the fold could not be trained; the others may serve
            failure = error
        else:
            if subject in of_fold["subject"].to_numpy():
                found[number] = of_fold.sel(subject=subject, drop=True)
    if not found:
        raise failure
    return xr.concat(found.values(), dim=xr.Variable("fold", list(found)), join="outer")


def _explained(study: Study, protocol: str, number: int) -> xr.Dataset:
    """Explain a fold's network, a subject after the other: dimension `subject` comes first."""
    # Imported here: Keras and JAX take seconds that readers need not wait for.
    from emolib.explain.fold import fold_attribution
    from emolib.study.networks import trained_networks

    networks = trained_networks(study, protocol, numbers=[number])
    if not networks:
        raise DataError(
            study.fold_files(protocol, number)["weights"], "is not there.", "Train this fold first."
        )
    (network,) = networks
    kept, each = ["attribution", "band_importance", "completeness"], {}
    for subject in sorted(network.table["subject"].unique()):
        one = fold_attribution(
            network, subject=subject, n_windows=WINDOWS, steps=STEPS, occlude=["bands"]
        )
        each[subject] = one[kept].astype("float32").assign(n_windows=one.attrs["n_windows"])
    return xr.concat(each.values(), dim=xr.Variable("subject", list(each)))
