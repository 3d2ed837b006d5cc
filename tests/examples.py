"""How many examples a property is tried with: fewer where somebody waits for them, as in `make quick`."""

import os

from hypothesis import settings

MOST_EXAMPLES = "MOST_EXAMPLES"


def examples(usual: int) -> settings:
    """That many examples, or as many as the environment allows at most."""
    return settings(max_examples=min(usual, int(os.environ.get(MOST_EXAMPLES, usual))))
