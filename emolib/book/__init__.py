"""Pages: tables, sentences, executed notebooks, the built book."""
