"""Events sent elsewhere, each once however often that is begun."""
