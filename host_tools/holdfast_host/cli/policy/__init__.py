"""What a person does to a site's policy, by the command line."""
