"""Pages: tables, sentences, executed notebooks, the built book."""

import sys

# nbformat imports jsonschema, which builds a grammar of web addresses, 1 to 2 s, where it finds
# this package. No notebook needs one.
sys.modules.setdefault("rfc3987_syntax", None)
