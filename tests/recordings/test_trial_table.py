"""The table of trials: how it may be written, and whose fault a fault is."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from synthetic import write_table

from emolib.errors import DataError
from emolib.recordings.trial_table import read_subjects, read_table, refuse_shared, subject_of

HEAD = "subject,file,trial,onset_seconds,duration_seconds,valence"


def row(subject, trial=1, **changes):
    return {
        "subject": subject,
        "file": f"{subject}.edf",
        "trial": trial,
        "onset_seconds": 4 * trial,
        "duration_seconds": 2,
        "valence": 3,
    } | changes


def written(folder, *lines, head=HEAD, name="trials.csv"):
    (folder / name).write_text("\n".join([head, *lines]), "utf-8")
    return folder / name


# How it may be written


@pytest.mark.parametrize("name", ["trials.csv", "trials.tsv"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_and_tabs_go_with_decimal_commas(tmp_path, name, separator):
    line = separator.join(["1", "a,1.edf", "1", "0,5", "4", "7,5"])
    path = written(tmp_path, line, head="\ufeff" + HEAD.replace(",", separator), name=name)
    table = read_table(path)
    numbers = table[["onset_seconds", "duration_seconds", "valence"]]
    assert numbers.iloc[0].tolist() == [0.5, 4.0, 7.5]
    assert table["file"].tolist() == [str(tmp_path / "a,1.edf")]


def test_decimal_commas_between_commas_are_refused_by_line(tmp_path):
    path = written(tmp_path, "1,a.edf,1,0,4,3", "1,a.edf,2,0,5,4,7,5")
    with pytest.raises(DataError, match="line 3: has 8 cells, and 6 columns have a name"):
        read_table(path)


def test_backslashes_lead_to_the_file_too(tmp_path):
    (tmp_path / "eeg").mkdir()
    (tmp_path / "eeg" / "a.edf").touch()
    path = written(tmp_path, r"1,eeg\a.edf,1,0,4,3")
    assert read_table(path)["file"].tolist() == [str(tmp_path / "eeg" / "a.edf")]


def test_only_blank_and_n_a_are_missing(tmp_path):
    words = ["None", "NA", "null", "nan", "n/a", ""]
    lines = [f"1,a.edf,{k},{4 * k},2,{k},{word}" for k, word in enumerate(words, 1)]
    table = read_table(written(tmp_path, *lines, head=f"{HEAD},emotion"))
    assert table["emotion"].tolist() == ["None", "NA", "null", "nan", "", ""]


def test_a_column_of_numbers_and_words_is_one_of_words(tmp_path):
    table = read_table(written(tmp_path, "1,a.edf,1,0,2,3", "1,a.edf,2,2,2,inf", "1,a.edf,3,4,2,"))
    assert table["valence"].tolist() == ["3", "inf", ""]


def test_the_numbers_of_rows_without_a_name_are_no_scale_and_names_are_not_given_twice(tmp_path):
    table = read_table(written(tmp_path, "0,1,a.edf,1,0,2,3", head=f",{HEAD}"))
    assert table.columns[-1] == "valence" and "" not in table
    path = written(tmp_path, "1,a.edf,1,0,2,3,4", head=f"{HEAD},valence")
    with pytest.raises(DataError, match="two columns 'valence'"):
        read_table(path)


# Whose fault a fault is


@pytest.mark.parametrize("changes", [{"onset_seconds": "soon"}, {"file": ""}, {"trial": 1},
                                     {"duration_seconds": -1}])  # fmt: skip
def test_what_is_wrong_in_a_row_is_its_subjects_fault(tmp_path, changes):
    write_table(tmp_path / "trials.csv", [row("1"), row("2"), row("2", 2) | changes])
    assert read_subjects(tmp_path) == ["sub-01", "sub-02"]
    assert read_table(tmp_path, "sub-01")["trial"].tolist() == [1]
    with pytest.raises(DataError, match="line 4: "):
        read_table(tmp_path, "sub-02")


def test_a_row_of_nobody_is_everybodys_fault(tmp_path):
    write_table(tmp_path / "trials.csv", [row("1"), row("")])
    with pytest.raises(DataError, match="line 3: 'subject' is blank"):
        read_subjects(tmp_path)


def test_a_name_stays_as_it_is_written_and_a_plain_number_has_two_digits(tmp_path):
    people = [row(name) for name in ("sub-001", "sub-xx", "7", "anna", "sub-12")]
    write_table(tmp_path / "trials.csv", people)
    assert read_subjects(tmp_path) == ["sub-001", "sub-07", "sub-12", "sub-anna", "sub-xx"]


@pytest.mark.parametrize(
    ("one", "two", "names"),
    [("1", "001", ["sub-01"]), ("1", "sub-001", ["sub-01", "sub-001"]),
     ("anna", "Anna", ["sub-anna", "sub-Anna"]), ("0", "00", ["sub-00"])],
)  # fmt: skip
def test_two_spellings_of_a_subject_are_not_merged(tmp_path, one, two, names):
    write_table(tmp_path / "trials.csv", [row("2"), row(one), row(two, 2)])
    for name in names:
        with pytest.raises(DataError, match=f"lines 3 and 4: 'subject' is '{one}' and '{two}'"):
            read_table(tmp_path, name)
    assert len(read_table(tmp_path, "sub-02")) == 1


@pytest.mark.parametrize(
    ("changes", "shared"),
    [
        ({}, "4 to 6"),
        ({"onset_seconds": 5, "duration_seconds": 9}, "5 to 6"),
        ({"onset_seconds": 7, "baseline_seconds": 2}, "5 to 6"),
        ({"file": "./1.edf"}, "4 to 6"),
    ],
)
def test_two_subjects_with_the_same_seconds_of_a_file_are_refused(tmp_path, changes, shared):
    other = row("2", file="1.edf", baseline_seconds=0) | changes
    write_table(tmp_path / "trials.csv", [row("1", baseline_seconds=0), other, row("3")])
    for own, line in (("sub-01", 2), ("sub-02", 3)):
        told = rf"lines {line} and {5 - line}: {own} and .* same seconds of 1\.edf, {shared}\."
        with pytest.raises(DataError, match=told):
            refuse_shared(tmp_path, own)
    refuse_shared(tmp_path, "sub-03")


@pytest.mark.parametrize("onset", [6, 5.995, np.nan])
def test_trials_that_touch_share_nothing(tmp_path, onset):
    other = row("2", file="1.edf", onset_seconds=onset)
    write_table(tmp_path / "trials.csv", [row("1"), other])
    refuse_shared(tmp_path, "sub-01")


# What a spreadsheet, or a slip, makes of a table


def test_a_spreadsheets_line_about_the_separator_is_no_row(tmp_path):
    path = written(tmp_path, HEAD.replace(",", ";"), "1;a.edf;1;0,5;2;5", head="sep=;")
    assert read_table(path)["onset_seconds"].tolist() == [0.5]


def test_capitals_are_offered(tmp_path):
    path = written(tmp_path, "1,a.edf,1,0,2,5", head=HEAD.upper())
    with pytest.raises(DataError, match="Did you mean 'SUBJECT'"):
        read_subjects(path)


def test_another_column_of_seconds_is_one_like_any_other(tmp_path):
    path = written(tmp_path, "1,a.edf,1,0,2,5,fast", head=f"{HEAD},reaction_seconds")
    assert read_table(path)["reaction_seconds"].tolist() == ["fast"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1,a.edf,1e30,0,2,5", "'trial' must be a whole number"),
        ("1,a.edf,1,1e300,2,5", "'onset_seconds' must be below 1e"),
        ("1,a\0.edf,1,0,2,5", r"line 2 holds U\+0000"),
        ('1,"a.edf,1,0,2,5', "is no table"),
    ],
)
def test_slips_are_told_and_no_library_fails(tmp_path, line, told):
    with pytest.raises(DataError, match=told):
        read_table(written(tmp_path, line))


def test_where_there_is_no_table_the_error_names_what_writes_one(tmp_path):
    (tmp_path / "events.tsv").write_text("onset\tduration\ttrial_type\n0\t4\thappy\n")
    with pytest.raises(DataError, match="no table of trials but events") as raised:
        read_subjects(tmp_path)
    assert "emolib new" in raised.value.hint and "dataset: bids" in raised.value.hint


# What is easily read as something else


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize(("decimals", "thousand"), [("900,5", "1.050"), ("900.5", "1,050")])
def test_a_sign_between_thousands_is_no_decimal_one(tmp_path, separator, decimals, thousand):
    lines = [separator.join(["1", "a.edf", str(k), onset, "4", "5"])
             for k, onset in enumerate((decimals, thousand), 1)]  # fmt: skip
    path = written(tmp_path, *lines, head=HEAD.replace(",", separator))
    with pytest.raises(DataError, match=f"line 3: 'onset_seconds' is '{thousand}', elsewhere"):
        read_table(path)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("S1", "S01"),
        ("Sub-01", "sub-01"),
        ("SUB01", "1"),
        ("P 1", "P1"),
        ("1.0", "1"),
        ("lab2-07", "Lab2-7"),
    ],
)
def test_one_person_spelled_in_two_ways_is_not_two_people(tmp_path, one, two):
    write_table(tmp_path / "trials.csv", [row(one), row(two, 2), row("lab2-70"), row("S10")])
    for name in (subject_of(one), subject_of(two)):
        with pytest.raises(DataError, match=f"'subject' is '{one}' and '{two}'"):
            read_table(tmp_path, name)
    assert len(read_table(tmp_path, "sub-S10")) == len(read_table(tmp_path, "sub-lab2-70")) == 1


@pytest.mark.parametrize(("one", "two"), [("1", "01"), ("film 1.mp4", "Film1.mp4"), ("2.0", "2")])
def test_one_stimulus_or_session_spelled_in_two_ways_is_not_two(tmp_path, one, two):
    """Else a film, or a day, would be on both sides of a protocol that holds it out."""
    names = (one, two, "1.5", "1.05")
    rows = [row(str(k), stimulus=name) for k, name in enumerate(names, 1)]
    write_table(tmp_path / "trials.csv", rows)
    for name in ("sub-01", "sub-02"):
        with pytest.raises(DataError, match=f"lines 2 and 3: 'stimulus' is '{one}' and '{two}'"):
            read_table(tmp_path, name)
    assert len(read_table(tmp_path, "sub-03")) == len(read_table(tmp_path, "sub-04")) == 1
    rows = [row("1", session=one), row("2", session=two)]
    write_table(tmp_path / "trials.csv", [*rows, row("3", session=one), row("3", 2, session=two)])
    assert len(read_table(tmp_path, "sub-01")) == len(read_table(tmp_path, "sub-02")) == 1
    with pytest.raises(DataError, match=f"lines 4 and 5: 'session' is '{one}' and '{two}'"):
        read_table(tmp_path, "sub-03")


def test_a_letter_and_its_mark_are_one_however_they_are_written(tmp_path):
    whole, apart = (unicodedata.normalize(form, "Jörg") for form in ("NFC", "NFD"))
    (tmp_path / f"{apart}.edf").touch()  # as macOS writes it
    write_table(tmp_path / "trials.csv", [row(whole), row(apart, 2)])
    assert read_subjects(tmp_path) == [f"sub-{whole}"]
    assert set(read_table(tmp_path)["file"]) == {str(tmp_path / f"{apart}.edf")}
    (tmp_path / f"{apart}.edf").rename(tmp_path / f"{whole}.edf")
    assert set(read_table(tmp_path)["file"]) == {str(tmp_path / f"{whole}.edf")}
