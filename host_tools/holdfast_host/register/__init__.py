"""The register of a site: who its people are, and what they have. A database beside the policy."""
