# What runs when. The rules are thin: each calls one stage of `python -m emolib`.
# `python -m emolib run STUDY` starts this in results/STUDY, so paths below are relative to it.

import re
import shlex
import sys

sys.path.insert(0, workflow.basedir)  # this checkout's code, also in a process of a cluster

from emolib.study import study as studies
from emolib.study.keys import OF_RECORDINGS
from emolib.study.sources import Sources
from emolib.storage import digest_of_files, file_stem
from emolib.book.notebooks import CHAPTERS, source_of, waits_for
from emolib.model.settings import threads


def quoted(text):
    """A word of a shell command, whatever is in it."""
    return shlex.quote(str(text)).replace("{", "{{").replace("}", "}}")


study = studies.load(config["study"])
subjects = {file_stem(subject): subject for subject in study.subjects()}  # by file name
simulated = study.simulation is not None
# By content, not by date, and no inputs: a missing file is its subject's failure, and nobody else's.
# So are notebooks and prose: a checkout, or a clock that was set, gives them other dates.
read_from = {}
if not simulated:
    sources = Sources(study)
    read_from = {subject: sources.digest(subject) for subject in subjects.values()}
    sources.save()
memory = study.reader.MEMORY_MB  # of a process that reads a recording
# The code of this checkout: neither another that is installed nor a folder of that name wins.
path = f"PYTHONPATH={quoted(workflow.basedir)}" + "${{PYTHONPATH:+:$PYTHONPATH}}"
emolib = f"{path} {quoted(sys.executable)} -P -m emolib"
study_and_log = f"{quoted(study.file)} > {{log}} 2>&1"

# The study itself has its artefacts here, each variant its own in a folder.
members = {"": study} | {f"variants/{name}/": study.variant(name) for name in study.variants}
trained = [
    f"{variant_dir}predictions/{protocol}/fold-{number}.parquet"
    for variant_dir, member in members.items()
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
prose = [path for path in sorted((studies.PROJECT / "book").rglob("*")) if path.is_file()]
prose = [studies.PROJECT / "_config.yml", *prose]
scores = [f"{variant_dir}scores/scores.parquet" for variant_dir in members]
raw_references = sorted({*study.references} & {*OF_RECORDINGS})


def digest(stage):
    """What decides a stage's result where an artefact lies."""
    return lambda wildcards: members[wildcards.variant_dir].digest(stage, named(wildcards))


def named(wildcards):
    """The subject that a file is about; None if it is about all."""
    return subjects.get(getattr(wildcards, "subject", None))


def variant(wildcards):
    """The option that names a variant on the command line."""
    return f"--variant {wildcards.variant_dir.split('/')[1]}" if wildcards.variant_dir else ""


def subject_of(wildcards):
    """The subject whose files have this name."""
    return subjects[wildcards.subject]


def features_of(member):
    """The files of all subjects' features; variants with the same settings share them."""
    files = map(member.features_file, subjects.values())
    return [str(file.relative_to(study.folder)) for file in files]


def fold_of(wildcards):
    """The folder of a fold's networks."""
    return "{0.variant_dir}models/{0.protocol}/fold-{0.fold}".format(wildcards)


def shown_in(chapter):
    """What a chapter reads."""
    if waits_for(chapter) == "scores":
        return ["scores/scores.parquet"]
    return features_of(study)[: None if waits_for(chapter) == "features" else 1]


def recorded(*names):
    """The simulated recordings of subjects; others are known by their digests."""
    return [f"recordings/s{name.removeprefix('sub-')}.mat" for name in names if simulated]


def simulated_file(wildcards):
    """The simulated recording of a subject."""
    return recorded(subject_of(wildcards))


def megabytes(least, of_input=0):
    """Memory of a job: what was measured and room to spare, and more each time that it is tried."""
    if not of_input:
        return lambda wildcards, attempt: least * attempt
    return lambda wildcards, input, attempt: round((least + of_input * input.size_mb) * attempt)


def minutes(most):
    """Time of a job, and more each time that it is tried."""
    return lambda wildcards, attempt: most * attempt


wildcard_constraints:
    variant_dir=f"(?:{'|'.join(map(re.escape, members))})",  # in brackets: an empty one would be no constraint
    subject="|".join(map(re.escape, subjects)),
    protocol="|".join(study.protocols),
    fold=r"\d+",
    part=r"pooled|\d+-\d+",
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
            digest=study.digest("recordings"),
        log:
            "logs/simulate/sub-{number}.log",
        benchmark:
            "benchmarks/simulate/sub-{number}.tsv"
        resources:
            mem_mb=megabytes(1000),
            runtime=minutes(5),
        shell:
            emolib + " simulate --subject sub-{wildcards.number} " + study_and_log


rule features:
    input:
        simulated_file,
    output:
        "{variant_dir}features/{subject}.nc",
    params:
        digest=digest("features"),
        read_from=lambda wildcards: read_from.get(subject_of(wildcards)),
        subject=subject_of,
        variant=variant,
    log:
        "{variant_dir}logs/features/{subject}.log",
    benchmark:
        "{variant_dir}benchmarks/features/{subject}.tsv"
    resources:
        mem_mb=megabytes(memory),
        runtime=minutes(10),
    shell:
        emolib + " features {params.variant} --subject {params.subject:q} " + study_and_log


rule summary:
    input:
        simulated_file,
        lambda wildcards: str(study.features_file(subject_of(wildcards)).relative_to(study.folder)),
    output:
        "summaries/{subject}.nc",
    params:
        digest=study.digest("summaries"),
        subject=subject_of,
    log:
        "logs/summary/{subject}.log",
    benchmark:
        "benchmarks/summary/{subject}.tsv"
    resources:
        mem_mb=megabytes(memory),
        runtime=minutes(10),
    shell:
        emolib + " summary --subject {params.subject:q} " + study_and_log


rule train:
    input:
        lambda wildcards: features_of(members[wildcards.variant_dir]),
    output:
        predictions="{variant_dir}predictions/{protocol}/fold-{fold}.parquet",
        history="{variant_dir}models/{protocol}/fold-{fold}/history.parquet",
    params:
        digest=digest("training"),
        variant=variant,
    log:
        "{variant_dir}logs/train/{protocol}-{fold}.log",
    benchmark:
        "{variant_dir}benchmarks/train/{protocol}-{fold}.tsv"
    threads: int(threads())
    resources:
        mem_mb=megabytes(1500, 8),
        runtime=minutes(24 * 60),
    shell:
        emolib + " train {params.variant} --protocol {wildcards.protocol} --fold {wildcards.fold} " + study_and_log


rule part:  # of a fold's work, where a run has `--subjects-per-job`; `train` finds it done
    input:
        lambda wildcards: features_of(members[wildcards.variant_dir]),
        lambda wildcards: [] if wildcards.part == "pooled" else f"{fold_of(wildcards)}/unfinished-parts/pooled",
    output:
        touch("{variant_dir}models/{protocol}/fold-{fold}/unfinished-parts/{part}"),
    params:
        digest=digest("training"),
        variant=variant,
    log:
        "{variant_dir}logs/part/{protocol}-{fold}-{part}.log",
    benchmark:
        "{variant_dir}benchmarks/part/{protocol}-{fold}-{part}.tsv"
    threads: int(threads())
    resources:
        mem_mb=megabytes(1500, 8),
        runtime=minutes(24 * 60),
    shell:
        emolib + " part {params.variant} --protocol {wildcards.protocol} --fold {wildcards.fold}"
        " --part {wildcards.part} " + study_and_log


rule refit:
    input:
        features_of(study),
    output:
        "predictions/{protocol}/permuted-{permutation}/fold-{fold}.parquet",
    params:
        digest=study.digest("training"),
    log:
        "logs/refit/{protocol}-{permutation}-{fold}.log",
    benchmark:
        "benchmarks/refit/{protocol}-{permutation}-{fold}.tsv"
    threads: int(threads())
    resources:
        mem_mb=megabytes(1500, 8),
        runtime=minutes(24 * 60),
    shell:
        emolib + " train --protocol {wildcards.protocol} --fold {wildcards.fold}"
        " --permutation {wildcards.permutation} " + study_and_log


rule explain:
    input:
        features_of(study),
        "predictions/{protocol}/fold-{fold}.parquet",
    output:
        "attributions/{protocol}/fold-{fold}.nc",
    params:
        digest=study.digest("attributions"),
    log:
        "logs/explain/{protocol}-{fold}.log",
    benchmark:
        "benchmarks/explain/{protocol}-{fold}.tsv"
    threads: int(threads())
    resources:
        mem_mb=megabytes(1500, 8),
        runtime=minutes(4 * 60),
    shell:
        emolib + " explain --protocol {wildcards.protocol} --fold {wildcards.fold} " + study_and_log


rule score:
    input:
        lambda wildcards: [path for path in trained if path.startswith(f"{wildcards.variant_dir}predictions")],
        lambda wildcards: [] if wildcards.variant_dir else permuted,
    output:
        "{variant_dir}scores/scores.parquet",
        "{variant_dir}scores/scores.csv",
        "{variant_dir}scores/permuted.parquet",
    params:
        digest=digest("scores"),
        variant=variant,
    log:
        "{variant_dir}logs/score.log",
    benchmark:
        "{variant_dir}benchmarks/score/score.tsv"
    resources:
        mem_mb=megabytes(1000, 15),
        runtime=minutes(30),
    shell:
        emolib + " score {params.variant} " + study_and_log


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
    benchmark:
        "benchmarks/group_tests/group_tests.tsv"
    resources:
        mem_mb=megabytes(1000, 15),
        runtime=minutes(60),
    shell:
        emolib + " group-tests " + study_and_log


rule references:
    input:
        features_of(study),
        "scores/scores.parquet",
        recorded(*subjects.values()) if raw_references else [],
    output:
        "scores/references.parquet",
        "scores/references.csv",
    params:
        digest=study.digest("references"),
        read_from=read_from if raw_references else None,
    log:
        "logs/references.log",
    benchmark:
        "benchmarks/references/references.tsv"
    resources:
        mem_mb=megabytes(1000, 15),
        runtime=minutes(4 * 60),
    shell:
        emolib + " references " + study_and_log


rule chapter:
    input:
        lambda wildcards: shown_in(wildcards.chapter),
    output:
        "notebooks/chapters/{chapter}.ipynb",
    params:
        digest=study.digest("pages"),
        source=lambda wildcards: digest_of_files([source_of(wildcards.chapter)]),
    log:
        "logs/chapter/{chapter}.log",
    benchmark:
        "benchmarks/chapter/{chapter}.tsv"
    resources:
        mem_mb=megabytes(memory),
        runtime=minutes(30),
    shell:
        emolib + " page --notebook {wildcards.chapter} " + study_and_log


rule subject_page:
    input:
        features="features/{subject}.nc",
        summary="summaries/{subject}.nc",
        scores="scores/scores.parquet",
        attributions=attributions,
    output:
        "notebooks/subjects/{subject}.ipynb",
    params:
        digest=study.digest("pages"),
        source=digest_of_files([source_of("subject_report")]),
        subject=subject_of,
    log:
        "logs/subject_page/{subject}.log",
    benchmark:
        "benchmarks/subject_page/{subject}.tsv"
    resources:
        mem_mb=megabytes(memory),
        runtime=minutes(30),
    shell:
        emolib + " page --notebook subject_report --subject {params.subject:q} " + study_and_log


rule cohort_page:
    input:
        features=features_of(study),
        summaries=expand("summaries/{subject}.nc", subject=subjects),
        scores=scores,
        tests="scores/group_tests.parquet",
        references="scores/references.parquet",
    output:
        "notebooks/cohort.ipynb",
    params:
        digest=study.digest("pages"),
        source=digest_of_files([source_of("cohort_report")]),
    log:
        "logs/cohort_page.log",
    benchmark:
        "benchmarks/cohort_page/cohort_page.tsv"
    resources:
        mem_mb=megabytes(1500, 8),
        runtime=minutes(30),
    shell:
        emolib + " page --notebook cohort_report " + study_and_log


rule book:
    input:
        expand("notebooks/chapters/{chapter}.ipynb", chapter=CHAPTERS),
        expand("notebooks/subjects/{subject}.ipynb", subject=subjects),
        "notebooks/cohort.ipynb",
    output:
        "book/_build/html/index.html",
    params:
        digest=study.digest("pages"),
        prose=[digest_of_files(prose), [path.name for path in prose]],
    log:
        "logs/book.log",
    benchmark:
        "benchmarks/book/book.tsv"
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes(60),
    shell:
        emolib + " book " + study_and_log
