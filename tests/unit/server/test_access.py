"""Access: open on this machine only, and nowhere else without keys."""

import pytest

from server.access.key_requirement import Access, OpenAccessError, decide_access, is_loopback


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]"]
)
def test_addresses_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "127.0.0.1.nip.io"]
)
def test_addresses_that_others_reach(host: str) -> None:
    assert not is_loopback(host)


def test_auto_is_open_here_until_a_key_is_made() -> None:
    assert decide_access(Access.AUTO, "127.0.0.1", any_active_key=False) is Access.OPEN
    assert decide_access(Access.AUTO, "127.0.0.1", any_active_key=True) is Access.KEYS


def test_what_is_set_holds_here() -> None:
    assert decide_access(Access.OPEN, "::1", any_active_key=True) is Access.OPEN
    assert decide_access(Access.KEYS, "::1", any_active_key=False) is Access.KEYS


@pytest.mark.parametrize("access", list(Access))
def test_elsewhere_nothing_goes_without_a_key(access: Access) -> None:
    with pytest.raises(OpenAccessError, match="trackstore keys create"):
        decide_access(access, "0.0.0.0", any_active_key=False)


def test_elsewhere_keys_are_asked_for() -> None:
    assert decide_access(Access.AUTO, "0.0.0.0", any_active_key=True) is Access.KEYS
    with pytest.raises(OpenAccessError, match="TRACKSTORE_ACCESS=open would let all of them in"):
        decide_access(Access.OPEN, "0.0.0.0", any_active_key=True)
