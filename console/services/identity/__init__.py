"""People, sign-on, rights and station keys."""
