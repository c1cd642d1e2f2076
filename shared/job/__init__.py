"""The status document and its life; pure."""
