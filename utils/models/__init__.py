"""The models of the course, one era a file; they import only torch and each other."""
