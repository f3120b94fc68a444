"""What a network's answers rest on."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"attribution": ["integrated_gradients", "mask", "occlusion"]}
)
