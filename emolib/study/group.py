"""The stage that tests a cohort's decoding, see `emolib.evaluation.group`."""

from __future__ import annotations

import pandas as pd

from emolib.errors import DataError
from emolib.study import stages
from emolib.study.study import Study


def make_group_tests(study: Study) -> None:
    """Test a study's usable subjects together, and write the table."""
    # Imported here: scikit-learn takes seconds that readers need not wait for.
    from emolib.evaluation.group import COLUMNS, group_tests

    predictions = stages.predictions(study)
    if len(predictions):
        predictions = predictions[predictions["repeat"] == 0]
    try:
        maps, table = stages.load_windows(study)
    except DataError:  # nobody can be used, which other pages tell
        tested = pd.DataFrame(columns=list(COLUMNS))
    else:
        tested = group_tests(
            maps,
            table,
            study.tasks,
            study.protocols,
            n_folds=study.n_folds,
            seed=study.seed,
            chronological=study.chronological,
            predictions=predictions,
        )
    stages.write_table(tested, study.group_tests_file)


def group_tests_of(study: Study) -> pd.DataFrame:
    """Read the table of tests; made if it is missing.

    Returns
    -------
    DataFrame
        See `emolib.evaluation.group.group_tests`.
    """
    if not study.group_tests_file.exists():
        make_group_tests(study)
    return pd.read_parquet(study.group_tests_file)
