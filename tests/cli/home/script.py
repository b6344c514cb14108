# /// script
# dependencies = ["torch"]
#
# [tool.hf-jobs]
# flavor = "h200x8"
# timeout = "24h"
# namespace = "acme"
#
# [tool.hfplanner]
# budget = "team-nlp"
# ///
"""What trains."""
