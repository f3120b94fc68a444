"""Names that are markup, paths, orders or invisible in some language, and text in this project."""

HOSTILE = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"onload=alert(1) x="'),
    *("</script>", "<!--", "-->", "]]>", "&amp;", "&lt;b&gt;", "'", "a'b", "a|b", "`id`", "```"),
    *("{{7*7777}}", "{% raw %}", "{{ unseen }}", "${7*7777}", "$(id)", "$x_1$", "$\\frac$"),
    *("../../x", "/etc/passwd", "..", ".", "CON", "-rf", "~", "\\", "\\n", "C:\\x", "#", "# x"),
    *("---", ":::", "+++", "% x", "(x)=", "1. x", "- x", "***", "_x_", "__x__", "*x*", "x\\"),
    *("[x](javascript:alert(1))", "![x](http://x.invalid/x.png)", "https://x.invalid/x"),
    *("{ref}`x`", "{term}`nobody`", "{cite}`x`", "[red]x[/]", "=1+1", "null", "NaN"),
    *("\u202eevil", "\u200e", "a\u200bb", "\ufeffx", "e\u0301", "日本", "עברית", "😀"),
    *("👩\u200d🔬", "  x", "a\nb", "a\tb", "a" * 300),
)
