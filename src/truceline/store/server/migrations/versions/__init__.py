"""One file for each version of the tables; none is ever edited once it was released."""
