"""Settings of the networks and of their training.

Apart from the modules that import Keras, so that what only reads settings (a study, the command
line) need not wait the seconds that this takes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Literal

from emolib.errors import SettingsError, check_option, check_range

NETWORKS = ("mt_cnn", "crnn")
CLASS_WEIGHTS = ("per_task", "last_task", "none")
SCHEDULES = ("auto", "plateau", "fixed")
SELECTIONS = ("auto", "loss", "balanced_loss", "balanced_accuracy")


def threads() -> str:
    """Return how many threads a training process uses: `NPROC`, or one.

    Sums are split over them, so another number gives other last bits: it is part of a result's
    digest. One, since folds run side by side, and two processes of one thread train twice as
    fast as one of two.
    """
    return os.environ.get("NPROC", "1")


@dataclass(frozen=True)
class ModelSettings:
    """Settings of a network; every ablation of the paper is one of these.

    Attributes
    ----------
    width : float
        Factor on the number of filters and units; 1 is the paper's network.
    planes : int
        Planes of a brain map: 8 for DE and PSD in four bands, 4 for one of them.
    windows : int
        Consecutive windows of a trial that enter together, 1 to 6.
    pooling : {"same", "valid"}
        "same" keeps all nine columns (the paper's figure); "valid" is Keras' default and
        the released code's, and drops the units of the right-most column, above F8, T8 and P8.
    batch_norm : bool or "auto"
        Whether to normalise batches. "auto" does so, as published, except in a study's networks
        under protocols that do not leak, see `for_protocol`.
    dropout : float
        Share of activations dropped while training.
    tasks : dict of str to int
        Number of classes of each head, by its name. A single-task model has one.
    network : {"mt_cnn", "crnn"}
        Which of the two `emolib.model.build` builds.

    Raises
    ------
    SettingsError
        If a value is not allowed.
    """

    width: float = 1.0
    planes: int = 8
    windows: int = 1
    pooling: str = "same"  # the paper's figure, not the released code
    batch_norm: bool | Literal["auto"] = "auto"
    dropout: float = 0.2
    # Not in the hash, which a dictionary does not have; equality still compares it.
    tasks: dict[str, int] = field(default_factory=lambda: {"valence": 2, "arousal": 2}, hash=False)
    network: str = "mt_cnn"

    def __post_init__(self) -> None:
        check_option("network", self.network, NETWORKS)
        check_range("width", self.width, 1 / 64, 16)
        check_range("planes", self.planes, 1, 1024)
        check_range("windows", self.windows, 1, 64)
        check_range("dropout", self.dropout, 0, 0.99)
        check_option("pooling", self.pooling, ("same", "valid"))
        if not self.tasks or any(not n_classes >= 2 for n_classes in self.tasks.values()):
            raise SettingsError(
                "tasks", f"got {self.tasks!r}.", "Name at least one, with 2 or more classes each."
            )

    def for_protocol(self, *, leaks: bool) -> ModelSettings:
        """Return the settings with what "auto" means under a protocol that leaks, or does not.

        The means and variances of batches, averaged in training, do not hold for other people, and
        less for the minority class: held-out data are then predicted to be of the majority class.

        Examples
        --------
        >>> ModelSettings().for_protocol(leaks=False).batch_norm
        False
        """
        return replace(self, batch_norm=leaks) if self.batch_norm == "auto" else self


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the fits. The defaults are the source's, in its three stages.

    Attributes
    ----------
    batch_size : int
        Rows in a batch.
    epochs, fine_tuning_epochs : int
        The most epochs of the pooled fit, and of each fine-tuning.
    learning_rate, fine_tuning_learning_rate, single_task_learning_rate : float
        Adam's rate: pooled; fine-tuned with all heads; fine-tuned with one.
    lr_patience, early_stopping_patience : int
        Epochs without a better validation loss after which the rate is halved, or the fit
        stops. The best weights are kept.
    reduce_lr_on_plateau : bool
        Whether the rate is halved at all.
    class_weights : {"per_task", "last_task", "none"}
        Balanced weights for each head from its own labels; one vector, of the last task's
        labels, for all heads; or no weights.
    selection : {"auto", "loss", "balanced_loss", "balanced_accuracy"}
        What makes an epoch better on validation data: a smaller loss; a smaller loss in which each
        class counts the same; or a larger balanced accuracy. "auto" is the first, as published,
        where a protocol leaks, and the second elsewhere: training weighs the classes too, and an
        unweighted loss prefers a network that always predicts the majority class.
    schedule : {"auto", "plateau", "fixed"}
        How the pooled fit ends: as validation data say, see above; or after `fixed_epochs`, over
        which the rate falls by equal steps towards 0, with the weights of the last one. "auto" is
        the first, as published, where a protocol leaks or a selection is asked for, and the second
        elsewhere. Fine-tuning always looks at validation data.
    fixed_epochs : int
        Epochs of the fixed schedule, if `epochs` is not less.
    side_by_side : int
        How many subjects are fine-tuned at the same time, see `emolib.model.side_by_side`: for a
        GPU. One processor is faster with 1.

    Raises
    ------
    SettingsError
        If a value is not allowed.
    """

    batch_size: int = 64
    epochs: int = 200
    fine_tuning_epochs: int = 200
    learning_rate: float = 1e-3
    fine_tuning_learning_rate: float = 1e-3 / 8
    single_task_learning_rate: float = 1e-3 / 4
    lr_patience: int = 5
    early_stopping_patience: int = 16
    reduce_lr_on_plateau: bool = True
    class_weights: str = "per_task"  # the released code's is "last_task", a slip
    selection: str = "auto"
    schedule: str = "auto"
    fixed_epochs: int = 6
    side_by_side: int = 1

    def __post_init__(self) -> None:
        for name in ("batch_size", "lr_patience", "early_stopping_patience", "fixed_epochs"):
            check_range(name, getattr(self, name), 1, 100_000)
        check_range("side_by_side", self.side_by_side, 1, 1024)
        for name in ("epochs", "fine_tuning_epochs"):
            check_range(name, getattr(self, name), 0, 100_000)
        for name in ("learning_rate", "fine_tuning_learning_rate", "single_task_learning_rate"):
            check_range(name, getattr(self, name), 0, 10)
        check_option("class_weights", self.class_weights, CLASS_WEIGHTS)
        check_option("selection", self.selection, SELECTIONS)
        check_option("schedule", self.schedule, SCHEDULES)

    def selection_for(self, *, leaks: bool) -> str:
        """Return what "auto" means under a protocol that leaks, or that does not.

        Examples
        --------
        >>> TrainingSettings().selection_for(leaks=False)
        'balanced_loss'
        """
        automatic = "loss" if leaks else "balanced_loss"
        return automatic if self.selection == "auto" else self.selection

    def schedule_for(self, *, leaks: bool) -> str:
        """Return what "auto" means under a protocol that leaks, or that does not.

        Examples
        --------
        >>> TrainingSettings().schedule_for(leaks=False)
        'fixed'
        """
        automatic = "plateau" if leaks or self.selection != "auto" else "fixed"
        return automatic if self.schedule == "auto" else self.schedule
