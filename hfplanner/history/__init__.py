"""What was run: jobs from files and from the Hub, kept on this machine.

Where data comes from and goes. Bytes of the API or of the ``hf`` command become a jobs frame (:mod:`hfplanner.frames.
jobs`); :class:`~hfplanner.history.store.HistoryStore` merges that frame into what is kept and gives all of it back as
one lazy frame of the same schema (:data:`~hfplanner.frames.jobs.JOBS_SCHEMA`). A file goes through
:func:`~hfplanner.history.files.import_jobs`, pages of the Hub through :func:`~hfplanner.history.sync.sync_history`;
either comes with a :class:`~hfplanner.history.manifest.SourceState`.

The files. ``$HFPLANNER_HOME/history/`` holds ``manifest.json`` and ``month=2026-01/jobs-....parquet``: Parquet files by
the month (UTC) of the jobs' creation, each without two rows of one id and sorted by creation. The manifest says which
files count, in which order (a row of a later file replaces that of an earlier one), the version of the layout, and what
is known of each source. It is the only file that is ever replaced; a Parquet file is written once, under a new name.
Normally a month is one file. A small addition to a large month is a further file, until it is worth writing the month
anew, which every addition decides by itself: there is no housekeeping to forget.

Writers and crashes. A writer holds one lock while it reads, merges and writes, so that writers queue; the lock goes
with the process. What it writes becomes visible at once, all months together with what is known of the source, when
the manifest is renamed over the old one. Killed before that, it has changed nothing; its files are removed by a later
writer. A reader takes no lock: the files of the manifest it read stay for an hour after they were replaced.

The newest state wins. What never changes in a job's life (whose it is, what it runs on, its creation, its limits)
is the greatest value ever said, which also fills what a shorter listing leaves out. Its state (stage, message, times,
labels) is taken whole from one observation: one that ended the job before one that did not; among those that ended it,
one that knows the end, then one that says why (a flattened listing does not); then the later one. When a running job
was observed is told by its own clock, creation plus total seconds, else by the source's (``seen_at``: the time of the
answer, or a file's time of change). Two that still tie are ordered by their content. The result is the least upper
bound of all observations: order, repetition and grouping of imports do not matter. A job's creation decides its month,
so two records that give one id two creation times in different months are two jobs; the Hub never does that.

Syncs. The Hub lists jobs from the newest on. A mark (:mod:`hfplanner.history.sync_mark`) says what was read of a
listing: from which creation down all is known, but for which gaps. The next sync reads what is new, ten minutes more (a
job may be listed late) and one page that holds nothing new; then the gaps, each from the cursor where it begins. Jobs
that had not ended and that no page showed are read one by one, or by the page where they are more than a hundred; one
that the Hub does not know any more stays as it was last seen, and its cost has bounds. Every twenty pages what was read
is kept together with the mark, so that whatever ends a sync, the next one goes on there; a cursor that the Hub has
forgotten costs pages and nothing else. Two syncs at once read twice and write the same. What is not seen without
``full``: labels that were changed after a job had ended, and jobs that were listed more than ten minutes late.

Bills. ``bills/`` holds one small file for each account and billing period (:mod:`hfplanner.history.bills`), under the
same lock. The Hub tells only the current period, so a bill is as of its last sync: of jobs that still ran then, and of
those that began before its period, it is not taken for what they cost.

Peaks. ``peaks.json`` holds what runs took of a GPU's memory (:mod:`hfplanner.history.peaks`), under the same lock: what
was typed, what a log said, what jobs say in their labels when they are added, and what a watcher samples while they run
(:func:`~hfplanner.history.measured.add_peaks` with the source ``"samples"``; of one id the greatest stays).

An incomplete pull. Every source has an entry: complete or not with the reason, how many records it had, how many were
not taken and why. It stays incomplete until the same source is pulled to its end.

Scale. Reading is one pass of polars' streaming engine: months of one file stream as they are; where a month has further
files, only their ids are held to leave out the rows they replace. Ten million jobs in twelve months are twelve files.
"""
