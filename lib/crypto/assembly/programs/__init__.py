"""Programs for the field VM, one topic a module, for all processors alike."""
