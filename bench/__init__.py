"""How fast is it, beside its peers? Equal results are checked before any time is printed.

Run `python -m bench quick`, `all` or `servers`; what each writes is described in `bench/__main__.py`.
"""
