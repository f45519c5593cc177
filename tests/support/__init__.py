# SPDX-License-Identifier: MIT
"""What the tests in Python share: running daemons, the command line, stores, and how results are told."""
