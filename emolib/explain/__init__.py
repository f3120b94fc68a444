"""What a network's answers rest on: occlusion, integrated gradients, and how far to trust a map."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attribution": [
            *("compare_to_null", "expected_change", "spatial_correlation"),
            *("integrated_gradients", "mask", "occlusion"),
        ],
        "fold": ["FoldNetwork", "fold_attribution"],
    },
)
