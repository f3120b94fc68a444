"""The paragraph of methods is made from the settings, and cites what they use."""

import re

import pytest
import xarray as xr

from emolib.book.methods import methods
from emolib.study import load

ONE = xr.Dataset(coords={"trial": range(40), "channel": range(32)}, attrs={"sfreq": 128.0})


@pytest.mark.parametrize(
    ("study", "words", "cited"),
    [
        ("demo", "from a simulated data set (40 trials, 32 electrodes, 128 Hz)", "Rudakov"),
        ("eegmat", "the conditions rest and arithmetic", "Zyma"),
        ("deap", "from the data set deap [1]", "Koelstra"),
    ],
)
def test_the_paragraph_says_the_settings_and_cites_its_sources(study, words, cited):
    paragraph, references = methods(load(study), {"sub-01": ONE})
    assert words in paragraph and "windows of 0.5 s" in paragraph and "keras 3" in paragraph
    assert any(cited in reference for reference in references)
    for number, reference in enumerate(references, start=1):
        assert reference.startswith(f"[{number}]")
        assert re.search(rf"\[[\d, ]*\b{number}\b", paragraph)


def test_one_subject_is_not_said_to_have_trained_the_networks():
    paragraph, _ = methods(load("demo"), {"sub-01": ONE}, n_subjects=4)
    assert (
        "training data of all 4 subjects of the study; the scores here are those of 1" in paragraph
    )


def test_models_of_recordings_are_named_and_cited():
    study = load("demo").model_copy(update={"references": ("ridge", "tangent_space", "eegnet")})
    paragraph, cited = methods(study, {"sub-01": ONE})
    assert "tangent space of whole-trial covariances [" in paragraph
    assert {"Barachant", "Lawhern"} <= set(re.findall(r"\w+", " ".join(cited)))
