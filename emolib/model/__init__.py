"""The networks, and how they are fitted. Keras loads when a network is first asked for."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "settings": ["ModelSettings", "TrainingSettings"],
        "networks": ["build", "build_crnn", "build_mt_cnn", "load_weights", "save_weights"],
        "trainer": ["Trainer"],
        "training": ["train_fold"],
    },
)
