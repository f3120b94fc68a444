"""A study file is right, or the error names its file, its key and what is allowed."""

import dataclasses
import warnings

import pytest
import yaml
from test_architecture import MODULES, imports

from emolib.__main__ import main
from emolib.errors import DataError, SettingsError
from emolib.evaluation import group, scores
from emolib.grid import SEED_GRID, use_layout
from emolib.model import predictions
from emolib.model.settings import ModelSettings
from emolib.recordings import trial_table
from emolib.recordings.settings import RecordingSettings
from emolib.study import stages
from emolib.study import study as studies
from emolib.study.digests import CODE_OF
from emolib.study.keys import RENAMED, check_task_name

SMOKE = yaml.safe_load((studies.PROJECT / "studies" / "smoke.yaml").read_text())


@pytest.fixture
def written(tmp_path):
    """Write a copy of the smoke study with changes, and give its path."""

    def write(**changes):
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(SMOKE | changes))
        return path

    return write


@pytest.mark.parametrize("path", sorted((studies.PROJECT / "studies").glob("*.yaml")), ids=str)
def test_studies_that_come_with_the_project_are_valid(path):
    study = studies.load(path)
    assert study.name == path.stem
    assert study.title


def test_a_relative_root_is_told_without_detours(written, tmp_path):
    study = studies.load(written(dataset="files", root="../data/mine", simulation=None))
    assert study.recordings_root == tmp_path.parent / "data" / "mine"


def test_name_and_path_load_the_same():
    assert studies.load("smoke") == studies.load("studies/smoke.yaml")


def test_settings_reach_the_dataclasses(written):
    study = studies.load(written(features={"kinds": ["de"]}, model={"dropout": 0.5}))
    assert study.features.kinds == ("de",)
    assert study.model_settings.dropout == 0.5
    assert study.model_settings.planes == 4  # one kind in four bands
    assert study.model_settings.tasks == {"valence": 2, "arousal": 2}


@pytest.fixture
def seeds_grid():
    """Put SEED's grid back in use afterwards."""
    yield
    use_layout(SEED_GRID)


def test_a_study_lays_its_electrodes_out_and_leaves_the_others_out(
    written, tmp_path, monkeypatch, seeds_grid
):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    rows = [" ".join(name or "." for name in row) for row in SEED_GRID]
    rows[3] = rows[3].replace("T7", ".")
    few = {
        "protocols": ["trial_grouped"],
        "permutations": {},
        "simulation": {"n_subjects": 1, "n_trials": 8},
    }
    few["simulation"]["trial_seconds"] = 2
    rows[7] = ". . . Oz O1 O2 . . ."
    study = studies.load(written(grid=rows, **few))
    own = stages.features(study, "sub-01")
    assert "T7" not in own["channel"] and len(own["channel"]) == 31
    assert any("on the study's grid: T7" in note for note in own.attrs["notes"])
    use_layout(SEED_GRID)  # another study is loaded in between
    maps, _ = stages.load_windows(study)
    de = own["feature"].isel(kind=0, band=0)
    for name, column in (("Oz", 3), ("O1", 4)):
        given = maps[: len(de), 7, column, 0]
        assert given.tolist() == de.sel(channel=name).to_numpy().astype("float32").tolist()
    assert not maps[:, 3, 0].any()
    plain = studies.load(written(**few))
    for stage in ("features", "training", "attributions", "pages"):
        assert study.digest(stage) != plain.digest(stage)
    nobody = studies.load(written(grid=[*7 * [". " * 9], ". . . AF7 . . . . ."]))
    with pytest.raises(DataError, match=r"none of its electrodes, Fp1, .*Give some of them a cell"):
        nobody.read("sub-01")


def test_batch_normalisation_is_on_off_or_automatic(written):
    assert [studies.load(written(model={"batch_norm": given})).model.batch_norm for given in
            (True, False, "auto")] == [True, False, "auto"]  # fmt: skip
    with pytest.raises(SettingsError, match=r"'model.batch_norm.*got 'outo'"):
        studies.load(written(model={"batch_norm": "outo"}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subject": ["sub-01"]}, r"key 'subject': is unknown. Did you mean 'subjects'"),
        ({"protocol": []}, r"mine.yaml: key 'protocol': is unknown. Did you mean 'protocols'"),
        ({"features": {"filterng": "causal"}}, r"'features.filterng'.*Did you mean 'filtering'"),
        ({"training": {"epoch": 3}}, r"'training.epoch'.*Did you mean 'epochs'"),
        ({"training": {"lr_patiance": 3}}, r"'training.lr_patiance'.*Did you mean 'lr_patience'"),
        (
            {"simulation": {"n_subject": 3}},
            r"'simulation.n_subject'.*Did you mean 'n_subjects'",
        ),
        ({"tasks": {"valence": {"ratings": "valence"}}}, r"'tasks.valence.ratings'.*'rating'"),
        ({"n_folds": "five"}, r"key 'n_folds': got 'five'.*integer"),
        ({"n_folds": 1}, r"key 'n_folds': got 1.*greater than or equal to 2"),
        (
            {"protocols": ["windowwise"]},
            r"'protocols': got 'windowwise'. Did you mean 'window_wise'",
        ),
        ({"grid": ["Fp1 Fp2"]}, r"key 'grid': has 1 rows, of 2 cells. Give 8 rows of 9 cells"),
        ({"dataset": "deep"}, r"'dataset': got 'deep'. Did you mean 'deap'"),
        ({"dataset": "deap"}, r"'simulation': is given for 'deap'"),
        ({"features": {"psd": "wlch"}}, r"got 'wlch'. Did you mean 'welch'"),
        ({"model": {"planes": 4}}, r"'model.planes': follows from"),
        ({"model": {"plane": 4}}, r"'model.plane': is unknown. Allowed: 'batch_norm'"),
        ({"name": "x"}, r"key 'name': is unknown"),
        ({"tasks": {}}, r"'tasks': got \{\}"),
    ],
)
def test_wrong_keys_and_values_are_named(written, changes, message):
    path = written(**changes)
    with pytest.raises(SettingsError, match=message):
        studies.load(path)


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_key_works_and_the_warning_names_the_new_one(written, old, new):
    section, _, key = new.rpartition(".")
    value = getattr(getattr(studies.load("smoke"), section), key)
    value = not value if isinstance(value, bool) else value * 2
    current = studies.load(written(**{section: {key: value}}))
    path = written(**{section: {old.rpartition(".")[2]: value}})
    with pytest.warns(FutureWarning) as told:
        study = studies.load(path)
    assert [str(one.message) for one in told] == [
        f"renamed key: {path}: {old!r} is now {new!r}. It still works; please rename it."
    ]
    assert getattr(study, section) == getattr(current, section)


def test_an_old_key_works_in_a_variant(written):
    path = written(variants={"quick": {"training": {"stop_after": 3}}})
    with pytest.warns(FutureWarning, match=r"mine.yaml: variants.quick: 'training.stop_after'"):
        study = studies.load(path)
    assert study.variant("quick").training.early_stopping_patience == 3


@pytest.mark.parametrize("inside", [False, True])
def test_an_old_key_beside_the_new_one_is_an_error(written, inside):
    both = {"training": {"halve_after": 3, "lr_patience": 3}}
    with pytest.raises(SettingsError, match=r"'training.halve_after'.*'training.lr_patience'"):
        studies.load(written(**({"variants": {"quick": both}} if inside else both)))


def test_the_command_line_warns_of_an_old_key_in_one_line(written, capsys, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "")
    path = written(training={"halve_after": 3})
    with warnings.catch_warnings():  # the command line sets a filter
        assert main(["score", "--variant", "none", str(path)]) == 1
    told, error = capsys.readouterr().err.splitlines()
    assert told.startswith(f"warning: renamed key: {path}: 'training.halve_after' is now")
    assert error.startswith("error: variant: got 'none'")


FILES = {"dataset": "files", "root": ".", "simulation": None}


def test_recordings_are_read_as_the_study_asks_of_all_and_of_one(written):
    of_one = {"sub-02": {"drop_channels": ["Fp1"]}}
    asked = {"eeg_reference": "recorded", "rating_range": [0, 100], "subjects": of_one}
    study = studies.load(written(**FILES, recordings=asked))
    assert study.recording_settings("sub-01") == RecordingSettings("recorded", (), (0, 100))
    assert study.recording_settings("sub-02") == RecordingSettings("recorded", ("Fp1",), (0, 100))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"drop_channel": ["Fp1"]}, r"drop_channel'.*Did you mean 'drop_channels'"),
        ({"eeg_reference": "avrage"}, r"eeg_reference'.*Did you mean 'average'"),
        ({"rating_range": [9, 1]}, r"rating_range': got 9 to 1"),
        ({"rating_range": "high"}, r"rating_range.*got 'high'"),
        ({"notch_freq": "mains"}, r"key 'notch_freq': got 'mains'"),
        ({"eeg_reference": 3}, r"key 'eeg_reference': got 3"),
        ({"reject": {"eeg": 150}}, r"reject.eeg': got 150"),
        ({"bads": "C3"}, r"bads': got 'C3'. Input should be a valid list"),
    ],
)
def test_settings_of_recordings_are_checked_of_all_and_of_one(written, changes, message, inside):
    asked = {"subjects": {"sub-02": changes}} if inside else changes
    with pytest.raises(SettingsError, match=message) as error:
        studies.load(written(**FILES, recordings=asked))
    assert ("subject sub-02" in str(error.value)) == inside


DEAP = {"dataset": "deap", "root": ".", "simulation": None}


@pytest.mark.parametrize(
    ("study", "asked", "message"),
    [
        ({}, {"eeg_reference": "recorded"}, r"eeg_reference': is given for 'simulated'.*'files'"),
        (DEAP, {"subjects": {"sub-02": {"bads": ["Fz"]}}}, r"'recordings.bads': .* for 'deap'"),
        (FILES, {"ratings": "table"}, r"ratings': is given for 'files'.* Only 'deap' take"),
        (DEAP, {"ratings": "tabble"}, r"got 'tabble'. Did you mean 'table'"),
    ],
)
def test_settings_that_a_reader_does_not_take_are_named(written, study, asked, message):
    with pytest.raises(SettingsError, match=message):
        studies.load(written(**study, recordings=asked))


def test_a_study_of_deap_names_whose_ratings_it_uses(written):
    study = studies.load(written(**DEAP, recordings={"ratings": "table"}))
    assert study.recording_settings("sub-01").ratings == "table"
    assert study.digest("features") != studies.load(written(**DEAP)).digest("features")


def test_settings_of_recordings_count_for_those_whom_they_concern(written):
    one = studies.load(written(**FILES))
    other = studies.load(
        written(**FILES, recordings={"subjects": {"sub-02": {"drop_channels": ["Fp1"]}}})
    )
    everybody = studies.load(written(**FILES, recordings={"drop_channels": ["Fp1"]}))
    assert other.digest("features", "sub-01") == one.digest("features", "sub-01")
    assert other.digest("features", "sub-02") == everybody.digest("features", "sub-02")
    assert everybody.digest("features", "sub-01") != one.digest("features", "sub-01")
    assert everybody.digest("training") == one.digest("training")


@pytest.mark.parametrize(
    "changes",
    [
        {"rename_channels": {"E1": "Fp1"}},
        {"bads": ["C3"]},
        {"bad_channels": "auto"},
        {"eeg_template_montage": "standard_1005"},
        {"notch_freq": 50},
        {"notch_freq": [50, 100]},
        {"l_freq": 1},
        {"h_freq": 40},
        {"raw_resample_sfreq": 128},
        {"eog_channels": ["Fp1", "Fp2"]},
        {"regress_artifact": {"picks": "eeg", "picks_artifact": "eog"}},
        {"ica": ["find_bads_eog", "find_bads_muscle"]},
        {"reject": {"eeg": "150e-6"}},  # as YAML reads a number without a point
        {"eeg_reference": ["M1", "M2"]},
    ],
)
def test_every_setting_of_recordings_is_in_the_digest(written, changes):
    plain, changed = (
        studies.load(written(**FILES)),
        studies.load(written(**FILES, recordings=changes)),
    )
    assert changed.digest("features", "sub-01") != plain.digest("features", "sub-01")
    assert changed.digest("training") == plain.digest("training")


def test_missing_key_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({key: SMOKE[key] for key in SMOKE if key != "tasks"}))
    with pytest.raises(SettingsError, match=r"key 'tasks': is missing"):
        studies.load(path)


def test_unknown_study_is_named_with_those_there():
    with pytest.raises(SettingsError, match=r"dmo.yaml.* is not a file. Did you mean 'demo'"):
        studies.load("dmo")


def test_subject_that_does_not_exist_is_named(written):
    study = studies.load(written(subjects=["sub-01", "sub-09"]))
    with pytest.raises(DataError, match=r"'sub-09' is not in .*Allowed: 'sub-01'"):
        study.subjects()


def test_digest_follows_what_changes_the_result_and_nothing_else(written):
    one = studies.load("smoke")
    other_training = one.model_copy(update={"seed": 5})
    other_features = one.model_copy(
        update={"features": dataclasses.replace(one.features, filtering="zero_phase")}
    )
    other_title = one.model_copy(update={"title": "Another"})
    assert other_training.digest("features") == one.digest("features")
    assert other_training.digest("training") != one.digest("training")
    assert other_features.digest("recordings") == one.digest("recordings")
    assert other_features.digest("features") != one.digest("features")
    assert other_title.digest("training") == one.digest("training")
    # Who has too few trials for one protocol is in no fold of another, see `enough_units`.
    with_sessions = one.model_copy(update={"protocols": (*one.protocols, "leave_sessions_out")})
    without_windows = one.model_copy(update={"protocols": one.protocols[1:]})
    assert with_sessions.digest("training") != one.digest("training")
    assert without_windows.digest("training") == one.digest("training")


def modules_behind(*entrances):
    """Our modules that these import, directly or through others; and these."""
    found, left = set(), {f"emolib.{name}" for name in entrances}
    while left:
        module = left.pop()
        found.add(module)
        left |= {name for name in imports(module) if name in MODULES} - found
    return {module.removeprefix("emolib.").replace(".", "/") for module in found}


@pytest.mark.parametrize(
    ("stage", "entrances", "made_before"),
    [
        ("recordings", ["recordings.simulated"], []),
        ("features", ["features.extraction", "recordings"], []),
        ("training", ["model.training", "splits.shuffling", "grid"], ["features"]),
        ("scores", ["evaluation.scores"], ["features", "training"]),
        ("attributions", ["explain.attribution", "explain.fold"], ["features", "training"]),
        ("summaries", ["evaluation.subject"], ["features"]),
        ("group_tests", ["evaluation.group"], ["features", "training"]),
        ("references", ["evaluation.linear", "evaluation.scores"], ["features", "training"]),
    ],
)
def test_digest_knows_all_code_that_a_stage_runs(stage, entrances, made_before):
    """Else a corrected module would leave artefacts of the old one, which look up to date."""
    known = {room for name in (stage, *made_before) for room in CODE_OF[name]}
    unknown = {
        module
        for module in modules_behind(*entrances)
        if not any(f"{module}/".startswith(f"{room}/") for room in known)
    }
    assert unknown == set()


def test_a_variant_is_a_study_that_differs_in_a_few_keys(written):
    variants = {
        "de_only": {"features": {"kinds": ["de"]}},
        "valence_only": {"tasks": {"arousal": None}, "training": {"epochs": 1}},
    }
    whole = studies.load(written(variants=variants))
    de_only, valence_only = whole.variant("de_only"), whole.variant("valence_only")
    assert de_only.model_settings.planes == 4
    assert de_only.training == whole.training
    assert de_only.folder == whole.folder / "variants" / "de_only"
    assert [*valence_only.tasks] == ["valence"]
    assert valence_only.training == dataclasses.replace(whole.training, epochs=1)
    assert valence_only.recordings_root == de_only.recordings_root == whole.recordings_root
    # Features are shared by those whose settings are the same, and by nobody else.
    assert valence_only.features_file("sub-01") == whole.features_file("sub-01")
    assert de_only.features_file("sub-01").is_relative_to(de_only.folder)
    assert valence_only.digest("features") == whole.digest("features")
    assert valence_only.digest("training") != whole.digest("training")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variants": {"a b": {}}}, r"key 'variants': got the name 'a b'"),
        ({"variants": {"x": {"dataset": "deap"}}}, r"variants.x: key 'dataset': cannot differ"),
        (
            {"variants": {"x": {"model": {"drop": 0}}}},
            r"variants.x: key 'model.drop': is unknown. Did you mean 'dropout'",
        ),
        ({"permutations": {"window_wise": 0}}, r"permutations.window_wise.*greater than"),
        ({"permutations": {"stimulus_grouped": 1}}, r"'permutations': got 'stimulus_grouped'"),
    ],
)
def test_variants_and_permutations_are_checked_before_anything_runs(written, changes, message):
    with pytest.raises(SettingsError, match=message):
        studies.load(written(**changes))


def test_repeated_trainings_are_further_folds(written):
    study = studies.load(written(repeats=3, n_folds=2))
    assert study.folds("trial_grouped") == range(6)
    assert study.splits("leave_subjects_and_stimuli_out") == 4
    assert study.folds("leave_subjects_and_stimuli_out") == range(12)


@pytest.mark.parametrize(
    ("protocols", "explained"),
    [
        (["window_wise", "leave_subjects_out", "trial_grouped"], "trial_grouped"),
        (["window_wise", "leave_subjects_out", "stimulus_grouped"], "stimulus_grouped"),
        (["window_wise"], None),
    ],
)
def test_the_attribution_protocol_is_honest_and_closest_to_the_subject(
    written, protocols, explained
):
    study = studies.load(written(protocols=protocols))
    assert study.attribution_protocol == explained


@pytest.mark.parametrize("name", ["valence", "my task_2-b", "リラックス", "शांत", "état"])
def test_a_task_is_named_by_letters_and_digits_of_any_script(written, name):
    path = written(tasks={name: {"rating": "valence"}}, variants={})
    assert list(studies.load(path).tasks) == [name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{{7*7}}", "has '{' in it"),
        ("../x", "has '.' in it"),
        ("a/b", "has '/' in it"),
        ("<b>", "has '<' in it"),
        ("a\nb", r"has '\\n' in it"),
        ("a\u200bb", r"has '\\u200b' in it"),
        ("", "is no name"),
        (" valence", "is no name"),
        ("--", "is no name"),
        ("a" * 300, "has 300 signs"),
        ("subject", "is a column of the tables"),
        ("onset_seconds", "is a column of the tables"),
        ("probability_2", "is a column of the tables"),
        ("embedding", "is a column of the tables"),
    ],
)
def test_what_cannot_be_the_name_of_a_task_is_refused_with_the_reason(written, name, message):
    task = {name: {"rating": "valence"}}
    for changes in ({"tasks": task, "variants": {}}, {"variants": {"one": {"tasks": task}}}):
        with pytest.raises(SettingsError, match=f"key 'tasks.*{message}"):
            studies.load(written(**changes))


@pytest.mark.network
@pytest.mark.parametrize("kind", [("mt_cnn", 1), ("crnn", 2)])
def test_no_layer_of_a_network_can_be_the_name_of_a_task(kind):
    from emolib.model.networks import build

    settings = ModelSettings(
        planes=4, tasks={"a task": 2}, width=0.05, network=kind[0], windows=kind[1]
    )
    layers = [layer.name for layer in build(settings, seed=None).layers]
    for name in set(layers) - {"a task"}:
        with pytest.raises(SettingsError):
            check_task_name(name)


def test_no_column_of_a_table_can_be_the_name_of_a_task():
    trials = (*trial_table.REQUIRED, *trial_table.OPTIONAL)
    for name in (*trials, *predictions.COLUMNS, *scores.SCORE_COLUMNS, *group.COLUMNS):
        with pytest.raises(SettingsError, match="is a column of the tables"):
            check_task_name(name)


def test_a_root_in_a_variable_that_is_not_set_says_so(tmp_path, monkeypatch):
    file = tmp_path / "mine.yaml"
    text = "title: Mine\ndataset: files\nroot: $SOMEWHERE/data\nprotocols: [trial_grouped]\n"
    file.write_text(text + "tasks: {valence: {rating: valence}}\n")
    monkeypatch.setenv("SOMEWHERE", str(tmp_path))
    assert studies.load(file).recordings_root == tmp_path / "data"
    monkeypatch.delenv("SOMEWHERE")
    with pytest.raises(SettingsError, match=r"root: \$SOMEWHERE is not set in the environment"):
        _ = studies.load(file).recordings_root
