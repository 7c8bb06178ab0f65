"""The site's rules on flash, followed changeset by changeset or swapped in whole."""
