"""Events that came home: their files, their chain, and whether it holds."""
