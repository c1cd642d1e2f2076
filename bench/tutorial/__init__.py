"""A function app in the style of tutorials and official samples, to compare with."""
