"""Benchmarks: each case of the server against its reference, interleaved in one run."""

import warnings

# Emitted by the PostgreSQL package where no session manager sets XDG_RUNTIME_DIR.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
