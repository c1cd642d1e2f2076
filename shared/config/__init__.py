"""The app's settings, and the clouds that they choose from."""
