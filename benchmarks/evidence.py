"""Measure what this project claims about its own statistics; exit with 1 where it does not hold.

Run it by `python -m benchmarks.evidence`, or some sections alone: `python -m benchmarks.evidence
nulls lda`. A section stands by itself and prints a table as soon as it is there, so that what was
cut off is run again alone. `--help` lists what makes it shorter.

effects (17 minutes)
    Simulated cohorts without, with a subtle and with a strong effect: what linear models score
    under each protocol, and how often the joint-stimulus permutation test rejects.
nulls (2 minutes)
    1,000 cohorts in which there is nothing: how often two permutation tests reject.
clusters (7 minutes)
    The cluster test on maps: how often it rejects where there is no difference, and where is one.
demo (1 minute)
    The demo's cohort with ten seeds: what ridge finds in the task with an effect, and in the other.
fingerprint (5 minutes)
    What each step that is estimated per trial does to white noise, beside its derivation; what
    baseline removal does to people at rest; overlap and smoothing; what the steps cost.
lda (3 minutes)
    Linear discriminant analysis for thousands of labellings: against scikit-learn's, on the
    nulls, and its time.
network_nulls (3 minutes)
    200 cohorts in which there is nothing, and small networks, by each way to end a training: the
    mean score of people held out is 0.5.
audits (4 minutes)
    `emolib.audit` on cohorts whose leak is known, and on cohorts without: how often it says so.

A *band* is where a count lies if the claim is true: in 999 of 1,000 measurements unless another
coverage is given. An interval *low* to *high* beside a share is where the rate behind it lies
(95 %, exact binomial). Times are the processor's, on one core at 2.6 GHz: a busy machine adds to
the wait, not to them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.audits import audits
from benchmarks.claims import Claim
from benchmarks.clusters import clusters
from benchmarks.demo import demo
from benchmarks.effects import MODELS, effects
from benchmarks.fingerprint import fingerprint
from benchmarks.lda import lda
from benchmarks.nulls import nulls
from emolib.evaluation.permutation import PERMUTATIONS


def network_nulls(options: argparse.Namespace) -> list[Claim]:
    """Train small networks on null cohorts."""
    # Imported here: Keras takes seconds that the other sections need not wait for.
    from benchmarks.network_nulls import network_nulls as measure

    return measure(options)


SECTIONS: dict[str, Callable[[argparse.Namespace], list[Claim]]] = {
    section.__name__: section
    for section in (effects, nulls, clusters, demo, fingerprint, lda, network_nulls, audits)
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.evidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("sections", nargs="*", metavar="SECTION", help="all, if none is named")
    of_cohorts = made.add_argument_group("simulated cohorts (effects, lda)")
    of_cohorts.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    of_cohorts.add_argument("--effects", type=float, nargs="+", default=[0.0, 1.0, 2.0, 4.0])
    of_cohorts.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    of_cohorts.add_argument("--subjects", type=int, default=12)
    of_cohorts.add_argument("--permutations", type=int, default=PERMUTATIONS)
    others = made.add_argument_group("other sections")
    others.add_argument("--cohorts", type=int, default=1000, help="of each null (nulls, lda)")
    others.add_argument("--network-cohorts", type=int, default=200, help="(network_nulls)")
    others.add_argument("--people", type=int, default=200, help="simulated (clusters)")
    others.add_argument("--cluster-permutations", type=int, default=499, help="(clusters)")
    others.add_argument("--audits", type=int, default=100, help="of each cohort (audits)")
    others.add_argument("--draws", type=int, default=8, help="of white noise (fingerprint)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute what is asked for, and return 0 if all claims hold."""
    options = parser().parse_args(arguments)
    for name in options.sections:
        if name not in SECTIONS:
            parser().error(f"no section {name!r}; there are {', '.join(SECTIONS)}")
    failed = 0
    for name in options.sections or SECTIONS:
        start = time.process_time()
        print(f"\n==== {name}", flush=True)
        claims = SECTIONS[name](options)
        print(f"\n{name}: {time.process_time() - start:.0f} s", *claims, sep="\n", flush=True)
        failed += sum(not claim.holds for claim in claims)
    print(f"\n{failed} claims fail." if failed else "\nAll claims hold.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
