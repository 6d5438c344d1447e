"""One server with demonstration data for the browser tests of a process."""

from collections.abc import Iterator

import pytest

from tests.browser.browser import require_browser
from tests.browser.site import Site, site


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve SQLite with sample data of the demo."""
    require_browser()
    folder = tmp_path_factory.mktemp("site")
    with site(f"sqlite:///{folder / 'pages.db'}", folder) as served:
        served.play()
        yield served
