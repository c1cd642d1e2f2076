"""The app's settings, the time-outs of its calls, and the clouds of Partner Center."""
