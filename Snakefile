# What runs when. The rules are thin: each calls one stage of `python -m emolib`.
# `python -m emolib run STUDY` starts this in results/STUDY, so paths below are relative to it.

import re
import shlex
import sys

from emolib.study import study as studies
from emolib.storage import file_stem
from emolib.book.render import CHAPTERS, source_of, waits_for
from emolib.model.settings import threads


def word(text):
    """A word of a shell command, whatever is in it."""
    return shlex.quote(str(text)).replace("{", "{{").replace("}", "}}")


study = studies.load(config["study"])
subjects = {file_stem(subject): subject for subject in study.subjects()}  # by file name
simulated = study.simulation is not None
memory = study.reader.MEMORY_MB  # of a process that reads a recording
emolib = f"{word(sys.executable)} -m emolib"
here = f"{word(study.file)} > {{log}} 2>&1"

# The study itself has its artefacts here, each variant its own in a folder.
members = {"": study} | {f"variants/{name}/": study.variant(name) for name in study.variants}
trained = [
    f"{place}predictions/{protocol}/fold-{number}.parquet"
    for place, member in members.items()
    for protocol in member.protocols
    for number in member.folds(protocol)
]
permuted = [
    f"predictions/{protocol}/permuted-{i + 1}/fold-{number}.parquet"
    for protocol, n in study.permutations.items()
    for i in range(n)
    for number in range(study.splits(protocol))
]
explained = study.attribution_protocol
attributions = [
    f"attributions/{explained}/fold-{number}.nc"
    for number in (range(study.splits(explained)) if explained else [])
]
scores = [f"{place}scores/scores.parquet" for place in members]


def digest(stage):
    """What decides a stage's result in the place of an artefact."""
    return lambda wildcards: members[wildcards.place].digest(stage)


def variant(wildcards):
    """The option that names a variant on the command line."""
    return f"--variant {wildcards.place.split('/')[1]}" if wildcards.place else ""


def who(wildcards):
    """The subject whose files have this name."""
    return subjects[wildcards.subject]


def features_of(member):
    """The files of all subjects' features; variants with the same settings share them."""
    files = map(member.features_file, subjects.values())
    return [str(file.relative_to(study.folder)) for file in files]


def shown_in(chapter):
    """What a chapter reads."""
    if waits_for(chapter) == "scores":
        return ["scores/scores.parquet"]
    return features_of(study)[: None if waits_for(chapter) == "features" else 1]


def recordings_of(subject):
    """The files that hold a subject's recording."""
    if simulated:
        return [f"recordings/s{subject.removeprefix('sub-')}.mat"]
    return [str(path) for path in study.reader.sources(study.recordings_root, subject)]


wildcard_constraints:
    place=f"(?:{'|'.join(map(re.escape, members))})",  # in brackets: an empty one would be no constraint
    subject="|".join(map(re.escape, subjects)),
    protocol="|".join(study.protocols),
    fold=r"\d+",
    permutation=r"\d+",


localrules:
    all,


rule all:
    input:
        "book/_build/html/index.html",


if simulated:

    rule simulate:
        output:
            recording="recordings/s{number}.mat",
            truth="recordings/truth/sub-{number}.nc",
        params:
            digest=study.digest("recording"),
        log:
            "logs/simulate/sub-{number}.log",
        resources:
            mem_mb=1000,
            runtime=5,
        shell:
            emolib + " simulate --subject sub-{wildcards.number} " + here


rule features:
    input:
        lambda wildcards: recordings_of(who(wildcards)),
    output:
        "{place}features/{subject}.nc",
    params:
        digest=digest("features"),
        subject=who,
        variant=variant,
    log:
        "{place}logs/features/{subject}.log",
    resources:
        mem_mb=memory,
        runtime=10,
    shell:
        emolib + " features {params.variant} --subject {params.subject:q} " + here


rule summary:
    input:
        lambda wildcards: recordings_of(who(wildcards)),
        lambda wildcards: str(study.features_file(who(wildcards)).relative_to(study.folder)),
    output:
        "summaries/{subject}.nc",
    params:
        digest=study.digest("summary"),
        subject=who,
    log:
        "logs/summary/{subject}.log",
    resources:
        mem_mb=memory,
        runtime=10,
    shell:
        emolib + " summary --subject {params.subject:q} " + here


rule train:
    input:
        lambda wildcards: features_of(members[wildcards.place]),
    output:
        predictions="{place}predictions/{protocol}/fold-{fold}.parquet",
        history="{place}models/{protocol}/fold-{fold}/history.parquet",
    params:
        digest=digest("training"),
        variant=variant,
    log:
        "{place}logs/train/{protocol}-{fold}.log",
    threads: int(threads())
    resources:
        mem_mb=6000,
        runtime=24 * 60,
    shell:
        emolib + " train {params.variant} --protocol {wildcards.protocol} --fold {wildcards.fold} " + here


rule refit:
    input:
        features_of(study),
    output:
        "predictions/{protocol}/permuted-{permutation}/fold-{fold}.parquet",
    params:
        digest=study.digest("training"),
    log:
        "logs/refit/{protocol}-{permutation}-{fold}.log",
    threads: int(threads())
    resources:
        mem_mb=6000,
        runtime=24 * 60,
    shell:
        emolib + " train --protocol {wildcards.protocol} --fold {wildcards.fold}"
        " --permutation {wildcards.permutation} " + here


rule explain:
    input:
        features_of(study),
        "predictions/{protocol}/fold-{fold}.parquet",
    output:
        "attributions/{protocol}/fold-{fold}.nc",
    params:
        digest=study.digest("attribution"),
    log:
        "logs/explain/{protocol}-{fold}.log",
    threads: int(threads())
    resources:
        mem_mb=6000,
        runtime=4 * 60,
    shell:
        emolib + " explain --protocol {wildcards.protocol} --fold {wildcards.fold} " + here


rule score:
    input:
        lambda wildcards: [path for path in trained if path.startswith(f"{wildcards.place}predictions")],
        lambda wildcards: [] if wildcards.place else permuted,
    output:
        "{place}scores/scores.parquet",
        "{place}scores/scores.csv",
        "{place}scores/permuted.parquet",
    params:
        digest=digest("scores"),
        variant=variant,
    log:
        "{place}logs/score.log",
    shell:
        emolib + " score {params.variant} " + here


rule group_tests:
    input:
        features_of(study),
        [path for path in trained if path.startswith("predictions")],
    output:
        "scores/group_tests.parquet",
    params:
        digest=study.digest("group_tests"),
    log:
        "logs/group_tests.log",
    resources:
        mem_mb=6000,
        runtime=60,
    shell:
        emolib + " group-tests " + here


rule chapter:
    input:
        source=lambda wildcards: str(source_of(wildcards.chapter)),
        shown=lambda wildcards: shown_in(wildcards.chapter),
    output:
        "notebooks/chapters/{chapter}.ipynb",
    params:
        digest=study.digest("page"),
    log:
        "logs/chapter/{chapter}.log",
    resources:
        mem_mb=memory,
    shell:
        emolib + " page --notebook {wildcards.chapter} " + here


rule subject_page:
    input:
        source=str(source_of("subject_report")),
        features="features/{subject}.nc",
        summary="summaries/{subject}.nc",
        scores="scores/scores.parquet",
        attributions=attributions,
    output:
        "notebooks/subjects/{subject}.ipynb",
    params:
        digest=study.digest("page"),
        subject=who,
    log:
        "logs/subject_page/{subject}.log",
    resources:
        mem_mb=memory,
    shell:
        emolib + " page --notebook subject_report --subject {params.subject:q} " + here


rule cohort_page:
    input:
        source=str(source_of("cohort_report")),
        features=features_of(study),
        summaries=expand("summaries/{subject}.nc", subject=subjects),
        scores=scores,
        tests="scores/group_tests.parquet",
    output:
        "notebooks/cohort.ipynb",
    params:
        digest=study.digest("page"),
    log:
        "logs/cohort_page.log",
    shell:
        emolib + " page --notebook cohort_report " + here


rule book:
    input:
        expand("notebooks/chapters/{chapter}.ipynb", chapter=CHAPTERS),
        expand("notebooks/subjects/{subject}.ipynb", subject=subjects),
        "notebooks/cohort.ipynb",
        prose=studies.prose_files(),
    output:
        "book/_build/html/index.html",
    params:
        digest=study.digest("page"),
    log:
        "logs/book.log",
    shell:
        emolib + " book " + here
