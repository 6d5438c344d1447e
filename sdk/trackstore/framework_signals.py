"""Captures exceptions that Flask and Django handle themselves, by their signals."""

import sys
from typing import Any

from trackstore.served_calls import open_call

SIGNAL = "got_request_exception"
MODULES = ("flask", "django.core.signals")
"""Modules that hold the signal, checked once a service has imported them."""

_connected: set[str] = set()


def connect_signals() -> None:
    for name in MODULES:
        if name in _connected or name not in sys.modules:
            continue
        signal = getattr(sys.modules[name], SIGNAL, None)
        if signal is not None:  # else the module is being imported just now
            signal.connect(_keep_exception, weak=False)
            _connected.add(name)


def _keep_exception(*_: Any, exception: BaseException | None = None, **__: Any) -> None:
    call = open_call()
    if call is not None:
        call.exception = exception or sys.exc_info()[1]
