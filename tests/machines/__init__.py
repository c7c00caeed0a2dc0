"""State machines: long random lives of one part each, beside a plain model of it that was written for the test.

Each runs for a few seconds with everything else; ``HYPOTHESIS_PROFILE=long`` makes it fifty times as many lives.
"""
