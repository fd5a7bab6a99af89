"""pace.py - reading or writing no faster than so many bytes a second"""
import time


class Pace:
    """Lets RATE bytes a second pass: call it after each piece with its length."""

    def __init__(self, rate):
        self.rate, self.begun, self.passed = rate, time.monotonic(), 0

    def __call__(self, length):
        self.passed += length
        ahead = self.passed / self.rate - (time.monotonic() - self.begun)
        if ahead > 0.002:
            time.sleep(ahead)
