"""What of an answer about a job tells the job, its times and its money: all that may be kept of it.

A job's answer repeats its command and the values of its environment, which may be secrets; the message of its status
may repeat them.
"""

__all__ = ["KEPT_FIELDS", "KEPT_PARTS"]

KEPT_FIELDS = (
    *("id", "createdAt", "startedAt", "finishedAt", "flavor"),
    *("timeout", "timeoutSeconds", "attempts", "retry"),
)
"""Fields of the answer itself."""

KEPT_PARTS = {
    "owner": ("id", "name", "type"),
    "createdBy": ("id", "name", "type"),
    "status": ("stage",),
    "durations": ("schedulingSecs", "runningSecs", "totalSecs"),
    "expose": ("ports", "portsPublic"),
}
"""Fields of its parts; labels are kept whole."""
