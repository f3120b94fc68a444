"""Pages: tables, sentences, executed notebooks, the built book.

`tables` and `sentences` are those of a study, `subject_tables` and `subject_sentences` those of one
person; `render` executes notebooks and `assembly` builds the book from them.
"""

import sys

import lazy_loader

# nbformat imports jsonschema, which builds a grammar of web addresses, 1 to 2 s, where it finds
# this package. No notebook needs one.
sys.modules.setdefault("rfc3987_syntax", None)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"assembly": ["make_book"], "render": ["make_page"]}
)
