"""A study file is data: whatever it holds, it is read, or the error says which line is wrong."""

import os

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emolib.errors import InputError, SettingsError
from emolib.study import study as studies
from emolib.study.yaml_file import LARGEST, read_yaml

SMOKE = yaml.safe_load((studies.PROJECT / "studies" / "smoke.yaml").read_text())
LAUGHS = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1e-3", 1e-3),
        ("a: +5", 5),
        ("a: ~", None),
        ("a: true", True),
        # Names that YAML 1.1 would take for truth, seconds, a date or a number in another base.
        (
            "a: [no, on, 12:30, 2026-13-45, 0x10, 1_000]",
            ["no", "on", "12:30", "2026-13-45", "0x10", "1_000"],
        ),
        ("a: {<<: {b: 1}, c: 2}", {"b": 1, "c": 2}),
        ("\ufeffa: é", "é"),
    ],
)
def test_values_are_those_of_the_core_schema(file, text, value):
    file.write_text(text, encoding="utf-8")
    assert read_yaml(file) == {"a": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a0: &a0 [ha, ha]\n{LAUGHS}", "aliases repeat"),
        ("a: &a [*a]", "an alias holds itself"),
        ("a: *b", "undefined alias"),
        ("a: {" * 5000, "nested too deep"),
        ("a: 1\nb: {c: 1,\n c: 2}", "line 3, column 2: the key 'c' is given twice"),
        ("a:\n\tb: 1", "line 2, column 1"),
        ('a: "\\0"', r"U\+0000"),
        ('a: "\\ud800"', r"U\+D800"),
        ('a: "\\e[2J"', r"U\+001B"),
        ("a: \0", "not valid YAML"),
        ("a: 1e999", "'1e999' is no finite number"),
        ("a: .nan", "'.nan' is no finite number"),
        ("a: -.inf", "no finite number"),
        ("a: " + "9" * 5000, "no whole number of 18 digits"),
        ("1: a", "the key '1' is no text"),
        ("null: a", "the key 'null' is no text"),
        ("[a]: b", "no text"),
        ("{a: b}: c", "no text"),
        ("a: !!python/object/apply:os.system [id]", "is not for studies"),
        ("a: !!int b", "no whole number"),
        ("a: !!bool b", "neither true nor false"),
        ("a: !!str [b]", "no str"),
        ("a: !!binary b", "is not for studies"),
        ("a: 1\n---\nb: 1", "another document"),
        ("- a", "no keys"),
        ("", "no keys"),
        ("a: b\n" + "#" * LARGEST, "250 kB"),
    ],
)
def test_what_no_study_holds_is_named(file, text, message):
    file.write_text(text)
    with pytest.raises(SettingsError, match=message) as told:
        read_yaml(file)
    assert len(str(told.value)) < 300 + len(str(file))  # not what it found, at its whole length


def test_a_file_in_another_encoding_is_named_with_its_line(file):
    file.write_bytes("a: 1\ntitle: für".encode("latin-1"))
    with pytest.raises(SettingsError, match="line 2 is not UTF-8"):
        read_yaml(file)


def test_a_pipe_a_folder_and_a_device_are_no_studies(file, tmp_path):
    os.mkfifo(file)
    (tmp_path / "null.yaml").symlink_to("/dev/null")
    (tmp_path / "folder.yaml").mkdir()
    for path in (file, tmp_path / "null.yaml", tmp_path / "folder.yaml"):
        with pytest.raises(SettingsError, match="no ordinary file"):
            studies.load(path)


@pytest.mark.parametrize("name", ["...", "x'; id", "{7*7}"])
def test_a_study_whose_name_cannot_be_a_folders_is_refused(tmp_path, name):
    (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(SMOKE))
    with pytest.raises(SettingsError, match="Rename the file"):
        studies.load(tmp_path / f"{name}.yaml")


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREES = st.recursive(
    LEAVES | st.sampled_from(["valence", "de", "sub-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.integers(0, 3), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from([*studies.Study.model_fields, "subjects"])


@pytest.mark.slow
@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=2), st.booleans())
def test_any_content_is_a_study_or_an_error_in_one_sentence(tmp_path_factory, changes, inside):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    content = SMOKE | ({"variants": {"one": changes}} if inside else changes)
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    try:
        assert studies.load(file).name == "any"
    except InputError as error:
        assert str(file) in str(error)
