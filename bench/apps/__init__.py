"""Function apps to compare with, as a careful user of tutorials and official samples would write them."""
