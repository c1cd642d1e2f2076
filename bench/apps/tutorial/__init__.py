"""A function app in the style of tutorials."""
