"""Features: one number per window, kind, band and channel."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bands": ["BANDS", "Band", "band_pass"],
        "baseline": ["baseline_mean", "remove_baseline"],
        "released": ["read_released", "write_released"],
        "extraction": ["FeatureSettings", "extract_features", "window_features"],
    },
)
