"""Isso, a comment server for blogs: see README.md beside this file."""
