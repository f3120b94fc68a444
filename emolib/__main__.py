"""The command line: `python -m emolib new|check|run|predict|audit`, and each stage by name."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import warnings
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from emolib.errors import InputError
from emolib.storage import told_by_system

OPTIONS: dict[str, dict[str, Any]] = {
    "cores": {"type": int, "help": "processors to use; all if neither this nor a profile says"},
    "force": {"action": "store_true", "help": "make everything again"},
    "subjects-per-job": {
        **{"type": int, "metavar": "N", "dest": "subjects_per_job"},
        "help": "fine-tune so many subjects a job; by default a fold is one job",
    },
    "profile": {"metavar": "NAME_OR_FOLDER", "help": "where jobs run: local, slurm, kubernetes"},
    "dry-run": {"action": "store_true", "dest": "dry", "help": "tell what would run, run nothing"},
    "targets": {"nargs": "+", "default": (), "help": "only these, such as scores/scores.csv"},
    "subject": {"help": "such as sub-01"},
    "variant": {"metavar": "NAME", "help": "one of the study's variants"},
    "protocol": {"help": "such as trial_grouped"},
    "fold": {"type": int, "dest": "number", "help": "from 0"},
    "part": {"help": "pooled, or which subjects are fine-tuned, counted from 0, such as 8-15"},
    "permutation": {"type": int, "default": 0, "help": "of the labels, from 1; 0: as they are"},
    "notebook": {"dest": "name", "help": "such as 01_first_look or subject_report"},
    "to": {"choices": ("npz", "netcdf", "epochs", "mat", "keras"), "help": "the format"},
    "html": {"action": "store_const", "const": "html", "dest": "ending", "default": "html"},
    "pdf": {"action": "store_const", "const": "pdf", "dest": "ending"},
    "json": {"action": "store_true", "dest": "as_json", "help": "nothing but JSON, for a program"},
    "recordings": {"metavar": "FOLDER_OR_FILE", "help": "signals, tables of trials"},
    "simulated": {"type": int, "metavar": "SEED", "help": "make up recordings, from this seed"},
    "key": {"type": Path, "metavar": "FILE", "help": "what is true of made-up recordings"},
    "out": {"type": Path, "default": Path(), "dest": "folder", "help": "where to put it"},
}

# By name: what it does, its function (which takes the study first), and its options, in brackets
# those that may be left out. Nothing else is imported before the command is known: a run starts
# hundreds of them.
COMMANDS = {
    "run": (
        "bring a study up to date, from its recordings to its book",
        "study.workflow:run",
        "[cores] [profile] [dry-run] [force] [subjects-per-job] [targets]",
    ),
    "check": (
        "tell of each subject whether a run can use it, or what a file of signals holds",
        "study.check_report:report",
        "[json]",
    ),
    "new": (
        "write a study file, and a table of trials, for recordings",
        "study.new:new",
        "[recordings] [simulated] [key]",
    ),
    "grade": (
        "compare a student's answers about made-up recordings with the key",
        "study.classroom:grade",
        "key",
    ),
    "predict": (
        "tell what a study's networks say of recordings that they were not trained on",
        "study.predict:predict",
        "recordings [out]",
    ),
    "audit": (
        "judge a split of anybody's: are windows of one trial on both sides, and what is it worth",
        "book.audit_page:report",
        "[json] [out]",
    ),
    "verify": (
        "compute a study's scores again, and compare files, pages and inputs with them",
        "book.verify:verify",
        "",
    ),
    "simulate": ("simulate one subject", "study.sources:make_recording", "subject"),
    "features": (
        "compute one subject's features",
        "study.stages:make_features",
        "subject [variant]",
    ),
    "summary": (
        "describe one subject, and test what may be",
        "study.stages:make_summary",
        "subject",
    ),
    "train": (
        "train one fold of a protocol",
        "study.fold:make_fold",
        "protocol fold [permutation] [variant]",
    ),
    "part": (
        "do part of the work of `train`, which then finds it done",
        "study.fold:make_part",
        "protocol fold part [variant]",
    ),
    "explain": (
        "say what the network of one fold uses of each subject's test rows",
        "study.explain:make_attributions",
        "protocol fold",
    ),
    "score": ("score a study's predictions", "study.stages:make_scores", "[variant]"),
    "group-tests": (
        "test all subjects together against permuted labels",
        "study.stages:make_group_tests",
        "",
    ),
    "references": (
        "score reference models on the network's folds",
        "study.references:make_references",
        "",
    ),
    "page": (
        "execute one notebook for a study, about its first valid subject if none is named",
        "book.render:make_page",
        "notebook [subject]",
    ),
    "report": (
        "write a subject's report as one file, to mail or to print",
        "book.single_file:export",
        "subject [html] [pdf] [out]",
    ),
    "export": (
        "write features, maps and labels, trials, or networks for other programs",
        "study.export:export",
        "to [variant] [out]",
    ),
    "book": ("build the book from the executed notebooks", "book.assembly:make_book", ""),
    "pdf": (
        "print the built book to one PDF, linked from its front page",
        "book.editions:make_pdf",
        "",
    ),
    "slides": (
        "make slides of each chapter, linked from the book's front page",
        "book.editions:make_slides",
        "",
    ),
}
WITHOUT_STUDY = {  # by command: what its first argument is called, and what it is
    "new": ("NAME", "of the study file to write, without its ending"),
    "audit": ("FILE", "of windows: .csv, .parquet, .npz"),
    "grade": ("ANSWERS", "the sheet that the student has filled in"),
}
POSITIONAL = ("recordings",)
IN_HOME = {  # folders that libraries make in a home, by the variable that moves each
    "IPYTHONDIR": ".ipython",
    "KERAS_HOME": ".keras",
    "MPLCONFIGDIR": ".config/matplotlib",
}
# What is about a study as a whole; others are a job each.
ON_WHOLE = ("run", "check", "verify", "report", "predict", "export", "pdf", "slides")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status.

    0: well; 1: something could not be used; 130: stopped by Ctrl-C; 143: by SIGTERM.

    A command's function may return a path, which is printed, or False where something could not
    be used that it has told of itself.
    """
    options = vars(_parser().parse_args(arguments))
    # Threads of linear algebra wait for each other by spinning: with two of them, and another job
    # on the same processors, ridge regression took ten times as long. Set before NumPy is
    # imported, or it has no effect; the jobs and kernels that are started from here inherit it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Without shared memory joblib would warn on pages; jobs run side by side and need none of it.
    os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")
    for name in ("EMOLIB_DATA", "EMOLIB_RESULTS"):  # stages run in other folders than this one
        if name in os.environ:
            os.environ[name] = str(Path(os.environ[name]).resolve())
    command, name, folder = options.pop("command"), options.pop("study"), Path()
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        _spare_home(tempfile.gettempdir())  # which tells where none can be had
        if command in WITHOUT_STUDY:
            given = name if command == "new" else Path(name)
            well = _function(COMMANDS[command][1])(given, **options)
            sys.stdout.flush()
            return int(not well)
        if command == "check" and Path(name).suffix.lower() not in ("", ".yaml", ".yml"):
            return int(not _function("study.check_report:report_file")(Path(name), **options))
        if command == "verify" and Path(name).is_dir():  # a folder of results
            folder = Path(name).resolve()
            os.environ["EMOLIB_RESULTS"], name = str(folder.parent), folder.name
        study = _load(name)
        folder = study.folder
        with _job(study, command, options):
            if variant := options.pop("variant", None):
                study = study.variant(variant)
            found = _function(COMMANDS[command][1])(study, **options)
        if isinstance(found, Path):
            print(found)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough: Python would say so once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (InputError, OSError) as error:
        if isinstance(error, OSError):
            error = told_by_system(error, folder)
        if options.get("as_json"):
            _function("study.check:print_fault")(error)
        else:
            print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        told, number = stop.args or ("nothing is half-written", signal.SIGINT)
        print(f"stopped: {told}.", file=sys.stderr)
        return 128 + number
    finally:
        signal.signal(signal.SIGTERM, before)
    return int(found is False)


def _spare_home(temporary: str) -> None:
    """Keep libraries from making folders in a home, where caches have another place.

    They make them there whatever `XDG_CACHE_HOME` says, or warn on pages if they cannot.
    """
    home, cache = Path(os.environ.get("HOME", ".")), os.environ.get("XDG_CACHE_HOME")
    if cache or not os.access(home, os.W_OK):
        own = f"emolib-{getattr(os, 'getuid', int)()}"  # others have the temporary folder too
        place = Path(cache) / "emolib" if cache else Path(temporary) / own
        for variable, folder in IN_HOME.items():
            if variable not in os.environ and not os.access(home / folder, os.W_OK):
                made = place / Path(folder).name.lstrip(".")
                with suppress(OSError):
                    made.mkdir(parents=True, exist_ok=True)
                    os.environ[variable] = str(made)


def _stop(number: int, _: object) -> None:
    """Stop as Ctrl-C does, so that what is half-written is removed."""
    raise KeyboardInterrupt("nothing is half-written", number)


def _job(study: Any, command: str, options: dict[str, Any]) -> AbstractContextManager[None]:
    """Return what compares a stage's files with their records, and records its own."""
    if command in ON_WHOLE:
        return nullcontext()
    return _function("study.artefacts:job")(study.folder, command, {**options})


def _load(name: str) -> Any:
    """Load a study, and warn of its renamed keys: here, and not again in workflow and pages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FutureWarning)
        study = _function("study.study:load")(name)
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    warnings.filterwarnings("ignore", "renamed key")
    os.environ.setdefault("PYTHONWARNINGS", "ignore:renamed key")
    return study


def _function(address: str) -> Any:
    module, name = address.split(":")
    return getattr(import_module(f"emolib.{module}"), name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emolib", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (what, _, options) in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what)
        what = "; or, of what a recording holds, its file" if name == "check" else ""
        what += "; or the folder of its results" if name == "verify" else ""
        help_ = f"a name in studies/, such as demo, or a YAML file{what}"
        called, help_ = WITHOUT_STUDY.get(name, ("STUDY", help_))
        command.add_argument("study", help=help_, metavar=called)
        for option in options.split():
            bare, needed = option.strip("[]"), {} if option.startswith("[") else {"required": True}
            if bare in POSITIONAL:
                command.add_argument(bare, nargs="+" if needed else "*", **OPTIONS[bare])
            else:
                command.add_argument(f"--{bare}", **OPTIONS[bare], **needed)
    return parser


if __name__ == "__main__":
    sys.exit(main())
