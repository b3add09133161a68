"""Experiments on real data, and sweeps in the lab: `python -m utils.experiments NAME`, for example multi30k/seq2seq.

One module a subject; its `EXPERIMENTS` maps the name after the slash to a function of a `Run`, `PRESETS` the
presets (`smoke` runs in seconds, `cpu` in an hour or two, `gpu` where there is one) to settings.
"""
