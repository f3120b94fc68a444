"""From predictions to scores, their intervals, and tests against chance."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "scores": ["score", "permuted_scores"],
        "comparison": ["compare", "counts_by_seed"],
        "linear": ["reference_predictions", "ridge_smoother"],
        "permutation": ["joint_stimulus_test", "within_subject_test"],
        "literature": ["published"],
        "split_audit": ["audit"],
    },
)
