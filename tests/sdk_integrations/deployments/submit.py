"""Queues tasks of ``jobs``: ``python -m ...submit RUN COUNT``."""

import sys

from tests.sdk_integrations.deployments.jobs import track

if __name__ == "__main__":
    for number in range(int(sys.argv[2])):
        track.delay(sys.argv[1], number)
