"""Where a reader can open a notebook on a server: links to Binder and Colab.

The project's address is written in one place, `_config.yml`. While none is there the book has no
such links, and nothing but downloads, which need no network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import yaml

from emolib.errors import SettingsError

# Hosts that Binder knows by a short name; any other is given to it as a whole address.
BINDER_NAMES = {"github.com": "gh", "gitlab.com": "gl"}
COLAB_HOST = "github.com"  # Colab opens notebooks from there only

_ADDRESS = re.compile(r"https://([\w.-]+)/([\w.-]+(?:/[\w.-]+?)+)(?:\.git)?/?")


@dataclass(frozen=True)
class Repository:
    """Where the project is published.

    Parameters
    ----------
    url : str
        Such as ``https://HOST/OWNER/PROJECT``.
    branch : str
        The branch, tag or commit that the links open.
    binder, colab : str
        Addresses of the servers; empty for no link.

    Raises
    ------
    SettingsError
        If `url` is no such address.

    Examples
    --------
    >>> published = Repository("https://github.com/OWNER/PROJECT", binder="https://mybinder.org")
    >>> published.binder_link("notebooks/01_first_look.ipynb")
    'https://mybinder.org/v2/gh/OWNER/PROJECT/main?urlpath=lab/tree/notebooks/01_first_look.ipynb'
    """

    url: str
    branch: str = "main"
    binder: str = ""
    colab: str = ""

    def __post_init__(self):
        if not _ADDRESS.fullmatch(self.url):
            raise SettingsError(
                "_config.yml: repository.url",
                f"got {self.url!r}.",
                "Give an address such as https://github.com/OWNER/PROJECT, or leave it empty.",
            )

    @property
    def parts(self) -> tuple[str, str]:
        """The host, and the project's path on it."""
        host, path = _ADDRESS.fullmatch(self.url).groups()  # __post_init__ has checked it
        return host, path

    def binder_link(self, path: str) -> str | None:
        """The address at which Binder opens a file of the project in JupyterLab; None without."""
        if not self.binder:
            return None
        host, project = self.parts
        short = BINDER_NAMES.get(host)
        # Binder wants GitLab's path and a whole address as one piece.
        place = project if short == "gh" else quote(project if short else self.url, safe="")
        start = (
            f"{self.binder.rstrip('/')}/v2/{short or 'git'}/{place}/{quote(self.branch, safe='')}"
        )
        return f"{start}?urlpath=lab/tree/{quote(path)}"

    def colab_link(self, path: str) -> str | None:
        """The address at which Colab opens a notebook of the project; None without."""
        host, project = self.parts
        if not self.colab or host != COLAB_HOST:
            return None
        place = f"{project}/blob/{quote(self.branch, safe='')}/{quote(path)}"
        return f"{self.colab.rstrip('/')}/github/{place}"


def read_repository(config: Path) -> Repository | None:
    """Read from `_config.yml` where the project is published; None while it does not say.

    Raises
    ------
    SettingsError
        If the address is none.
    """
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    place, servers = content.get("repository") or {}, content.get("launch_buttons") or {}
    if not place.get("url"):
        return None
    return Repository(
        place["url"],
        branch=place.get("branch") or Repository.branch,
        binder=servers.get("binderhub_url") or "",
        colab=servers.get("colab_url") or "",
    )
