"""The cohort's page on made-up results: what it says where something is missing, odd, or many.

Its cells run in this process, on tables that the stages would have loaded: seconds, where a study
takes minutes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import jupytext
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from emolib.book.notebooks import source_of
from emolib.evaluation.group import COLUMNS
from emolib.evaluation.scores import permuted_scores, score
from emolib.features.bands import BANDS
from emolib.splits.protocols import BOTH_SIDES
from emolib.study import stages
from emolib.study.study import Study

pytestmark = pytest.mark.workflow

CHANNELS = ["Fz", "Cz", "Pz", "C3", "C4", "O1", "Oz", "O2"]
EVIL = 'sub-<img src="x" onerror="alert(1)"> $\\frac{*_`[x](y)|'
N_TRIALS = 12
STUDY = """
title: Made up
dataset: simulated
simulation: {{n_subjects: 2, n_trials: 8, trial_seconds: 4}}
tasks: {{{task}: {{rating: valence, above: 5}}}}
protocols: [{protocols}]
n_folds: 2
{more}
"""


def summary(rng: np.random.Generator, task: str, classes: np.ndarray) -> xr.Dataset:
    """Of one subject: normal maps, one strong channel, no test made."""
    power = rng.normal(5, 2, (N_TRIALS, len(BANDS), len(CHANNELS)))
    nothing = ("task", [np.nan])
    return xr.Dataset(
        {
            "power": (("trial", "band", "channel"), power),
            "class": (("trial", "task"), classes[:, None].astype(float)),
            "std_uv": ("channel", [10.0] * (len(CHANNELS) - 1) + [90.0]),
            "line_noise_db": ("channel", np.zeros(len(CHANNELS))),
            "untested": ("task", ["made up"]),
            **dict.fromkeys(("score", "p", "chance_low", "chance_high", "holm_p"), nothing),
        },
        {
            "trial": np.arange(N_TRIALS),
            "band": [band.name for band in BANDS],
            "channel": CHANNELS,
            "task": [task],
        },
        {"alpha_peak_hz": 10.0, "line_hz": 50.0, "sfreq": 128.0},
    )


def predicted(
    rng: np.random.Generator, subject: str, labels: np.ndarray, protocol: str, stage: str, task: str
) -> pd.DataFrame:
    """Predictions of three windows a trial; about two trials of three are right."""
    trial = np.repeat(np.arange(N_TRIALS), 3)
    right = np.repeat(rng.random(N_TRIALS) < (0.95 if protocol == "window_wise" else 0.65), 3)
    towards = rng.uniform(0.4, 0.9, len(trial))
    label = labels[trial]
    return pd.DataFrame(
        {
            "protocol": protocol,
            "fold": trial // (N_TRIALS // 2),
            "stage": stage,
            "subject": subject,
            "trial": trial,
            "stimulus": trial.astype(str),
            "window": np.tile([0, 1, 2], N_TRIALS),
            "task": task,
            "label": label,
            "probability": np.where(right == (label == 1), towards, 1 - towards),
            "repeat": 0,
        }
    )


@pytest.fixture(autouse=True)
def _no_shell_remains() -> Iterator[None]:
    """What a display gives depends on whether there is a shell: other tests have none."""
    yield
    InteractiveShell.clear_instance()


@pytest.fixture
def page(tmp_path, monkeypatch) -> Callable[..., str]:
    """Make the page of such subjects, and return what it shows."""

    def make(
        subjects: list[str],
        *,
        protocols: tuple[str, ...] = ("window_wise", "trial_grouped"),
        of_stages: tuple[str, ...] = ("pooled",),
        one_class: tuple[str, ...] = (),
        failed: Mapping[str, dict[str, str]] | None = None,
        task: str = "valence",
        more: str = "",
    ) -> str:
        file = tmp_path / "made_up.yaml"
        file.write_text(STUDY.format(protocols=", ".join(protocols), task=task, more=more))
        rng, failed = np.random.default_rng(0), failed or {}
        labels = {
            name: np.ones(N_TRIALS, int) if name in one_class else np.arange(N_TRIALS) % 2
            for name in subjects
            if name not in failed
        }
        predictions = pd.concat(
            [
                predicted(rng, name, own, protocol, stage, task)
                for protocol in protocols
                for stage in of_stages
                for name, own in labels.items()
            ],
            ignore_index=True,
        )
        found = {name: summary(rng, task, own) for name, own in labels.items()}
        scores = score(predictions, resamples=20)
        permuted = permuted_scores(pd.DataFrame())
        untested = pd.DataFrame(columns=list(COLUMNS))
        monkeypatch.setattr(Study, "subjects", lambda self: subjects)
        for name, given in {
            "failures": lambda study: failed,
            "summary": lambda study, subject: found[subject],
            "predictions": lambda study: predictions,
            "scores": lambda study: scores,
            "permuted_scores": lambda study: permuted,
            "histories": lambda study: pd.DataFrame(),
            "failed_folds": lambda study: {},
            "group_tests": lambda study: untested,
        }.items():
            monkeypatch.setattr(stages, name, given)
        return shown(source_of("cohort_report"), {"study": str(file)})

    return make


def shown(notebook: Path, parameters: Mapping[str, str]) -> str:
    """Run a notebook's cells here; return its text and HTML."""
    shell = InteractiveShell.instance()
    parts = []
    for cell in jupytext.read(notebook).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        with capture_output() as captured:
            ran = shell.run_cell(cell.source)
        ran.raise_error()
        if "parameters" in cell.metadata.get("tags", []):
            shell.push(dict(parameters))
        for output in captured.outputs:
            data = output.data
            parts.append(data.get("text/html") or data.get("text/markdown") or data["text/plain"])
    return re.sub(r'base64,[^"]*', "base64,", "\n".join(parts))


def table(page: str, css: str) -> str:
    (found,) = re.findall(rf'<table class="[^"]*{css}[^"]*">.*?</table>', page, flags=re.DOTALL)
    return found


def row(page: str, subject: str, css: str = "emolib-subjects") -> list[str]:
    """A subject's cells in the table of all."""
    for line in re.findall("<tr>.*?</tr>", table(page, css)):
        if f">{html.escape(subject)}</a>" in line:
            return re.findall("<td>(.*?)</td>", line)
    raise AssertionError(f"no row of {subject}")


def test_markup_in_a_name_stays_a_name(page):
    fault = {"source": EVIL, "message": "<script>", "hint": "`mend`"}
    text = page(["sub-01", EVIL, f"{EVIL}2"], failed={f"{EVIL}2": fault})
    assert '<img src="x"' not in text and "<script>" not in text
    assert html.escape(EVIL) in table(text, "emolib-subjects")
    assert f'title="{html.escape(EVIL)}: 0.' in text
    addresses = set(re.findall(r'href="(subjects/[^"]*)"', text))
    assert len(addresses) == 3 and not any(set(address) & set(" <>\"'\\") for address in addresses)


def test_a_subject_of_one_class_has_no_score_and_the_page_says_why(page):
    text = page(["sub-01", "sub-02", "sub-03"], one_class=("sub-02",))
    assert row(text, "sub-02")[-2:] == ["-", "-"]
    assert "Subjects who lack trials of a class have no point: sub-02." in text
    assert "mean over 2 of 3 subjects that have trials of each class" in text
    points = re.findall(r'class="emolib-places" aria-hidden="true">(.*?)</div>', text)
    assert "sub-01" in points[0] and "sub-02" not in points[0]


def test_nobody_has_both_classes(page):
    text = page(["sub-01", "sub-02"], one_class=("sub-01", "sub-02"))
    assert "none: a class is missing" in text
    assert "no subject has trials of each class, so there is no contrast" in text


def test_what_a_study_does_not_ask_for_is_said(page):
    text = page(["sub-01", "sub-02"], more="fine_tune: false")
    assert "fine-tunes no network" in text
    assert "This study asks for no such refits" in text
    assert "This study has no trained variants." in text
    assert "MT-CNN (paper)" in text  # but figures of its task are published


def test_a_study_of_the_published_protocol_alone_shows_no_score(page):
    text = page(["sub-01", "sub-02"], protocols=("window_wise",))
    assert "So no score is shown." in text
    assert "<figcaption>Each point is a subject" not in text


def test_published_figures_stand_only_beside_tasks_of_their_names(page):
    other = page(["sub-01", "sub-02"], task="calm")
    assert "MT-CNN" not in other and "so its scores are not compared" in other


def test_thirty_two_subjects_keep_the_page_light_and_each_has_its_points(page):
    subjects = [f"sub-{number:02d}" for number in range(1, 33)]
    stages_of = ("pooled", "subject", "subject_and_task")
    text = page(subjects, of_stages=stages_of)
    (places,) = re.findall(r'class="emolib-places" aria-hidden="true">(.*?)</div>', text)
    for subject in subjects:
        assert places.count(f'href="subjects/{subject}.html"') == 2 * len(stages_of)
        assert row(text, subject, "emolib-facts")[0] == f"{N_TRIALS} of {N_TRIALS}"
    assert BOTH_SIDES in text and "fine-tunes no network" not in text
    assert len(text) < 200_000
