# What runs when. The rules are thin: each calls one stage of `python -m emolib`.
# `python -m emolib run STUDY` starts this in results/STUDY, so paths below are relative to it.

import sys

from emolib import study as studies
from emolib.rendering import CHAPTERS, source_of
from emolib.settings import threads

study = studies.load(config["study"])
subjects = study.subjects()
simulated = study.simulation is not None
folds = [(protocol, number) for protocol in study.protocols for number in study.folds(protocol)]
emolib = f"{sys.executable} -m emolib"
here = f"{study.file} > {{log}} 2>&1"


def recordings_of(subject):
    """The files that hold a subject's recording."""
    if simulated:
        return [f"recordings/s{subject.removeprefix('sub-')}.mat"]
    return [str(path) for path in study.reader.sources(study.recordings_root, subject)]

wildcard_constraints:
    subject="|".join(subjects),
    protocol="|".join(study.protocols),
    fold=r"\d+",


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
        lambda wildcards: recordings_of(wildcards.subject),
    output:
        "features/{subject}.nc",
    params:
        digest=study.digest("features"),
    log:
        "logs/features/{subject}.log",
    resources:
        mem_mb=1500,
        runtime=10,
    shell:
        emolib + " features --subject {wildcards.subject} " + here


rule train:
    input:
        expand("features/{subject}.nc", subject=subjects),
    output:
        predictions="predictions/{protocol}/fold-{fold}.parquet",
        history="models/{protocol}/fold-{fold}/history.parquet",
    params:
        digest=study.digest("training"),
    log:
        "logs/train/{protocol}-{fold}.log",
    threads: int(threads())
    resources:
        mem_mb=6000,
        runtime=24 * 60,
    shell:
        emolib + " train --protocol {wildcards.protocol} --fold {wildcards.fold} " + here


rule score:
    input:
        [f"predictions/{protocol}/fold-{number}.parquet" for protocol, number in folds],
    output:
        "scores/scores.parquet",
        "scores/scores.csv",
    params:
        digest=study.digest("scores"),
    log:
        "logs/score.log",
    shell:
        emolib + " score " + here


rule chapter:
    input:
        source=lambda wildcards: str(source_of(wildcards.chapter)),
        features=expand("features/{subject}.nc", subject=subjects[:1]),
    output:
        "notebooks/chapters/{chapter}.ipynb",
    params:
        digest=study.digest("page"),
    log:
        "logs/chapter/{chapter}.log",
    shell:
        emolib + " page --notebook {wildcards.chapter} " + here


rule subject_page:
    input:
        source=str(source_of("subject_report")),
        features="features/{subject}.nc",
        scores="scores/scores.parquet",
    output:
        "notebooks/subjects/{subject}.ipynb",
    params:
        digest=study.digest("page"),
    log:
        "logs/subject_page/{subject}.log",
    shell:
        emolib + " page --notebook subject_report --subject {wildcards.subject} " + here


rule cohort_page:
    input:
        source=str(source_of("cohort_report")),
        features=expand("features/{subject}.nc", subject=subjects),
        scores="scores/scores.parquet",
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
