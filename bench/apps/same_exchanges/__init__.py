"""A function app in the style of tutorials that makes the exchanges of this app."""
