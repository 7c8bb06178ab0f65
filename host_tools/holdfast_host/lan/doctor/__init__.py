"""What is wrong with the nodes of a site on its LAN, and what to do."""
