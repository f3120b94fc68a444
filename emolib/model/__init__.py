"""The networks and their training. Keras loads when one of them is first asked for."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "settings": ["ModelSettings", "TrainingSettings"],
        "networks": ["build", "build_crnn", "build_mt_cnn", "load_weights", "save_weights"],
        "epochs": ["GroupedInputs"],
        "trainer": ["Fit", "Trainer"],
        "fine_tuning": ["StageResult", "fine_tune_subject"],
        "training": ["fit_small", "train_fold"],
        "predictions": ["predictions_of"],
    },
)
