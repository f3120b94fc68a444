"""The command line: `python -m emolib run|check STUDY`, and each stage by name."""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

from emolib.errors import InputError, check_option
from emolib.study import study as studies


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status (0 well, 1 something could not be used)."""
    options = _parser().parse_args(arguments)
    for place in ("EMOLIB_DATA", "EMOLIB_RESULTS"):  # stages run in other folders than this one
        if place in os.environ:
            os.environ[place] = str(Path(os.environ[place]).resolve())
    try:
        study = _load(options.study)
        if getattr(options, "variant", None):
            study = study.variant(options.variant)
        return options.command(study, options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _load(name: str) -> studies.Study:
    """Load a study, and tell of its renamed keys: here, and not again in workflow and pages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FutureWarning)
        study = studies.load(name)
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    warnings.filterwarnings("ignore", "renamed key")
    os.environ.setdefault("PYTHONWARNINGS", "ignore:renamed key")
    return study


def _run(study: studies.Study, options: argparse.Namespace) -> int:
    # Seconds to import: not for every stage.
    from emolib.book import render as rendering
    from emolib.study import check as preflight
    from emolib.study import stages, workflow

    start = time.monotonic()
    _fetch(study)
    preflight.check_study(study)
    print(f"{study.title}: {len(study.subjects())} subjects, {', '.join(study.protocols)}")
    n_jobs = workflow.run(study, cores=options.cores, force=options.force, targets=options.targets)
    took = f"{time.monotonic() - start:.0f} s"
    print(f"{n_jobs} jobs in {took}" if n_jobs else f"nothing to do: all is up to date ({took})")
    failed, pages = stages.failures(study), rendering.failed_pages(study)
    for subject, fault in failed.items():
        print(f"not used: {subject}: {fault['source']}: {fault['message']} {fault['hint']}")
    for fold, fault in (folds := stages.failed_folds(study)).items():
        print(f"not trained: {fold}: {fault['message']} {fault['hint']}")
    for page, fault in pages.items():
        print(f"failed page: {page}: {fault}")
    n_all = len(study.subjects())
    if failed:
        print(f"{n_all - len(failed)} of {n_all} subjects are in the book.")
    if not options.targets:
        print(study.book / "index.html")
    return 1 if failed or folds or pages else 0


def _check(study: studies.Study, options: argparse.Namespace) -> int:
    _fetch(study)
    from emolib.study import check as preflight

    preflight.check_study(study)
    faults = preflight.faults(study)
    for subject, fault in faults.items():
        print(f"{subject}: {fault or 'can be used'}")
    return 1 if any(faults.values()) else 0


def _fetch(study: studies.Study) -> None:
    """Let a reader that knows where its data are published fetch what is not there."""
    if study.root is None and study.reader.default_root is not None:
        study.reader.default_root(fetch=True, wanted=study.only_subjects)


def _simulate(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.study import stages

    stages.make_recording(study, options.subject)
    return 0


def _features(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.study import stages

    stages.make_features(study, options.subject)
    return 0


def _summary(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.study import stages

    stages.make_summary(study, options.subject)
    return 0


def _train(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.study import fold as fold_stage

    fold_stage.make_fold(study, options.protocol, options.fold, options.permutation)
    return 0


def _explain(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.study import explain as explain_stage

    explain_stage.make_attributions(study, options.protocol, options.fold)
    return 0


def _score(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.study import stages

    stages.make_scores(study)
    return 0


def _group_tests(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.study import group as group_stage

    group_stage.make_group_tests(study)
    return 0


def _page(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.book import render as rendering

    rendering.make_page(study, options.notebook, options.subject)  # a failure has its page
    return 0


def _book(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.book import render as rendering

    print(rendering.make_book(study))
    return 0


def _report(study: studies.Study, options: argparse.Namespace) -> int:
    from emolib.book import single_file

    subjects = study.subjects()
    subject = options.subject if options.subject in subjects else f"sub-{options.subject}"
    check_option("--subject", subject, subjects)
    print(single_file.export(study, subject, options.ending, options.out))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emolib", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function, what: str, **needs: dict) -> None:
        sub = commands.add_parser(name, help=what, description=what)
        sub.set_defaults(command=function)
        for option, settings in needs.items():
            sub.add_argument(f"--{option}", **settings)
        sub.add_argument("study", help="a name in studies/, such as demo, or a YAML file")

    subject = {"required": True, "help": "such as sub-01"}
    variant = {"metavar": "NAME", "help": "one of the study's variants"}
    command(
        "run",
        _run,
        "bring a study up to date, from its recordings to its book",
        cores={"type": int, "default": os.cpu_count() or 1, "help": "processors to use"},
        force={"action": "store_true", "help": "make everything again"},
        targets={
            "nargs": "+",
            "default": (),
            "metavar": "FILE",
            "help": "only these artefacts, such as scores/scores.csv",
        },
    )
    command("check", _check, "compare the recordings with what their data set promises")
    command("simulate", _simulate, "simulate one subject", subject=subject)
    command(
        "features", _features, "compute one subject's features", subject=subject, variant=variant
    )
    command("summary", _summary, "describe one subject, and test what may be", subject=subject)
    command(
        "train",
        _train,
        "train one fold of a protocol",
        protocol={"required": True},
        fold={"required": True, "type": int},
        permutation={"type": int, "default": 0, "help": "of the labels, from 1; 0: as they are"},
        variant=variant,
    )
    command(
        "explain",
        _explain,
        "say what the network of one fold uses of each subject's test rows",
        protocol={"required": True},
        fold={"required": True, "type": int},
    )
    command("score", _score, "score a study's predictions", variant=variant)
    command("group-tests", _group_tests, "test all subjects together against exchanged labels")
    command(
        "page",
        _page,
        "execute one notebook for a study",
        notebook={"required": True, "help": "such as 01_first_look or subject_report"},
        subject={"help": "such as sub-01; the first usable one if left out"},
    )
    command(
        "report",
        _report,
        "write a subject's report as one file, to mail or to print",
        subject={"required": True, "help": "such as sub-03, or 03"},
        html={"action": "store_const", "const": "html", "dest": "ending", "default": "html"},
        pdf={"action": "store_const", "const": "pdf", "dest": "ending"},
        out={"type": Path, "default": Path(), "metavar": "FOLDER", "help": "where to put it"},
    )
    command("book", _book, "assemble the executed notebooks and build the book")
    return parser


if __name__ == "__main__":
    sys.exit(main())
