"""Runs one program of ``scripts``, whose functions spawned children find under the name of that module."""

import sys

from tests.unit.sdk_integrations.deployments.scripts import PROGRAMS

if __name__ == "__main__":
    name, run = sys.argv[1:]
    {program.__name__: program for program in PROGRAMS}[name](run)
