"""Benchmarks: each case of the server against its reference, interleaved in one run."""

import warnings

# Said when the package that carries PostgreSQL is imported where no session manager sets it.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
