"""What a comment's text is compared in: normalised, in several views, with its language and its words."""
