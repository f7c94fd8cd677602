"""How long the verifier takes for many versions, and how much memory: a process of its own, as an auditor runs it."""

import subprocess
import sys
import time
from itertools import count, islice

from benchmarks.results import Result
from feedback.models import Feedback
from records import bulk
from trail import checking, verifier
from trail.models import Seal
from trail.sealing import seal

MOST_SECONDS, MOST_MEGABYTES = 180, 500
GOAL_AT = 1_000_000  # versions
CHUNK = 2_000
# The peak of a child that has ended, in kilobytes; the child itself prints nothing of it.
TIMED = (
    "import resource, subprocess, sys; ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
    "print(ended, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


class NotSound(Exception):
    """The verifier found something in what was just sealed."""


def measured(versions, firm, ground, report):
    """Seal up to `versions` versions of feedback, then verify all of them. Yields `Result`s. Raises NotSound."""
    seal()
    size, numbers = Seal.objects.count(), count()
    while size < versions:
        chunk = [ground.feedback(firm.told(number % firm.records)) for number in islice(numbers, CHUNK)]
        bulk.create(Feedback, chunk, by=ground.by)
        size += seal()
        report(f"{size:,} of {versions:,} versions to verify")
    began = time.perf_counter()
    command = [sys.executable, "-I", verifier.__file__, checking.address()]
    told = subprocess.run([sys.executable, "-c", TIMED, *command], capture_output=True, text=True, check=True).stdout
    seconds, (ended, peak) = time.perf_counter() - began, map(int, told.split())
    if ended:
        raise NotSound(f"The verifier ended with {ended} over {size:,} versions that were just sealed.")
    is_whole = size >= GOAL_AT
    yield Result("versions verified", size)
    yield Result("verifying them", seconds, "s", MOST_SECONDS if is_whole else None, at_most=True)
    yield Result("memory at most", peak / 1_000, "MB", MOST_MEGABYTES if is_whole else None, at_most=True)
