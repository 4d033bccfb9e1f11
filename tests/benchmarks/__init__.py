"""How fast Casebook is, and whether it keeps what it says it has kept.

    make bench                                        everything, about ten minutes
    python -m tests.benchmarks [sqlite] [postgresql]  only these databases, without agreement

Each figure is one line of JSON: its name, the database, a value and its unit, and what else was
measured with it. Everything runs on this machine in scratch folders: the real server with two
processes (`manage.py serve`, production settings), the browsers that ask it, and the database.
PostgreSQL syncs each commit to disk, as an installation's does. On two cores all of them share
two cores: a server of its own is quicker. Neighbours make every figure worse and none better, so
on a busy machine repeat, and compare `server_cpu_ms`, the processor time of the server alone.

Saving: each coder sits at an own sheet with the intervention codebook and answers its questions
in their order, over and over with another answer, a certainty and at times a note. The next
answer is sent as soon as the last one is acknowledged, so 8 at once are some hundred people at
work. `value` is the middle one of `runs`. `errors` are answers other than 200; `lost` are
answers that were acknowledged and do not stand in the database; `history_rows` equals `saves`.

Pages are opened one after the other by one browser, ten of each left out: `value` is the median.
"""
