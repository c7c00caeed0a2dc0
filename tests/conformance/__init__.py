"""What every implementation of an interface has to pass. A suite is a class of tests; an implementation inherits it."""

import pytest

pytest.register_assert_rewrite(
    "tests.conformance.accounts",
    "tests.conformance.blob_store",
    "tests.conformance.log_store",
    "tests.conformance.sync_api",
    "tests.conformance.sync_api_blobs",
    "tests.conformance.sync_api_support",
)
