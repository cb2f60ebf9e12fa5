# SPDX-License-Identifier: Apache-2.0
"""Curriculum of version 2: twelve families, three prompt modes, retries (see ../README.md)."""
