"""What stands beside trends and is shared by the site: annotations and pen groups, and files of what is shown."""
