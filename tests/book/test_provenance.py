"""What made a page: marked as such, with the inputs that are there."""

from __future__ import annotations

from emolib.book.provenance import file_of_input, inputs_of, provenance
from emolib.storage import digest_of_files
from emolib.study.study import load


def test_it_is_marked_and_names_study_subject_and_inputs(tmp_path):
    there = tmp_path / "a"
    there.write_text("x")
    made_by = provenance(load("smoke"), [there, tmp_path / "b"], subject="sub-01")
    page = made_by._repr_mimebundle_()["text/html"]
    assert 'class="emolib-table emolib-provenance"' in page
    assert list(inputs_of(page)) == ["a"]
    assert '<th scope="row">study</th><td>smoke</td>' in page
    values = made_by.frame["value"]
    assert values.index[0] == "subject" and values["subject"] == "sub-01"
    assert values["inputs"].endswith("(1 files)")
    assert provenance(load("smoke")).frame["value"]["inputs"] == "none"


def test_inputs_have_their_digests_beside_the_table_and_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study = load("smoke")
    files = [study.features_file("sub-01"), study.recordings_root / "s01.mat", study.file]
    for file in files[:2]:
        file.parent.mkdir(parents=True)
        file.write_text(file.name)
    digests = inputs_of(provenance(study, files)._repr_mimebundle_()["text/html"])
    names = ["results/features/sub-01.nc", "results/recordings/s01.mat"]
    assert [*digests] == [*names, "project/studies/smoke.yaml"]
    assert [file_of_input(study, name) for name in digests] == files
    assert [*digests.values()] == [digest_of_files([file]) for file in files]
