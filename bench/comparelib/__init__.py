# SPDX-License-Identifier: Apache-2.0
"""What bench/compare is made of: contestants, rounds, statistics, reports. Standard library only."""
