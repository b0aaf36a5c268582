"""Settings every test shares.

`HYPOTHESIS_PROFILE` selects how property tests look for examples: `ci`, the default, takes the same
ones on every run, so that a red run is never chance; `torture` takes many more, new ones each time.
"""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.log_lines", "tests.postgres"]

# Time spent on an example depends on the machine, so it never decides whether a test passes.
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "torture",
    deadline=None,
    max_examples=5_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
