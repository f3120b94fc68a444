"""Links to servers: right addresses where the project is published, none where it is not."""

from __future__ import annotations

import pytest

from emolib.book.launch import Repository, read_repository
from emolib.errors import SettingsError

SERVERS = {"binder": "https://mybinder.org", "colab": "https://colab.research.google.com"}
NOTEBOOK = "notebooks/exercises/01_first_look.ipynb"


def published(url: str, **more: str) -> Repository:
    return Repository(url, **{**SERVERS, **more})


@pytest.mark.parametrize("ending", ["", "/", ".git"])
def test_binder_opens_the_notebook_in_jupyterlab(ending):
    link = published(f"https://github.com/OWNER/PROJECT{ending}").binder_link(NOTEBOOK)
    assert link == f"https://mybinder.org/v2/gh/OWNER/PROJECT/main?urlpath=lab/tree/{NOTEBOOK}"


def test_binder_takes_gitlab_and_other_hosts_as_one_piece():
    of_group = published("https://gitlab.com/GROUP/OWNER/PROJECT").binder_link("a.ipynb")
    assert of_group.startswith("https://mybinder.org/v2/gl/GROUP%2FOWNER%2FPROJECT/main?")
    other = published("https://code.example.org/OWNER/PROJECT").binder_link("a.ipynb")
    assert "/v2/git/https%3A%2F%2Fcode.example.org%2FOWNER%2FPROJECT/main?" in other


def test_colab_opens_the_notebook_at_the_branch():
    link = published("https://github.com/OWNER/PROJECT", branch="spring/26").colab_link(NOTEBOOK)
    assert link == (
        "https://colab.research.google.com/github/OWNER/PROJECT/blob/spring%2F26/" + NOTEBOOK
    )


def test_colab_opens_nothing_from_elsewhere():
    assert published("https://gitlab.com/OWNER/PROJECT").colab_link(NOTEBOOK) is None


def test_a_server_without_an_address_has_no_link():
    alone = Repository("https://github.com/OWNER/PROJECT")
    assert alone.binder_link(NOTEBOOK) is None
    assert alone.colab_link(NOTEBOOK) is None


@pytest.mark.parametrize(
    "url", ["github.com/OWNER/PROJECT", "https://github.com/", "OWNER/PROJECT"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(SettingsError, match=r"repository\.url"):
        Repository(url)


def test_the_configuration_is_the_one_place_that_says_where(tmp_path):
    config = tmp_path / "_config.yml"
    servers = "launch_buttons: {binderhub_url: https://mybinder.org}\n"
    config.write_text("repository: {url: '', branch: main}\n" + servers)
    assert read_repository(config) is None
    config.write_text("title: A book\n")
    assert read_repository(config) is None
    config.write_text("repository: {url: https://github.com/OWNER/PROJECT, branch: v1}\n" + servers)
    found = read_repository(config)
    assert (found.branch, found.binder, found.colab) == ("v1", "https://mybinder.org", "")
